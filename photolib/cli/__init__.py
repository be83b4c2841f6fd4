"""The command line: the only place with output, exit codes and progress bars."""
