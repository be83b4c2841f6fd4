"""``photolib completion``."""

from __future__ import annotations

import click

from photolib.cli.front import Front, command

_SHELLS = ("bash", "zsh", "fish")


@command("completion", json=False)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, front: Front, shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    bash:  photolib completion bash > ~/.local/share/bash-completion/completions/photolib
    zsh:   photolib completion zsh > a file _photolib in a directory of $fpath
    fish:  photolib completion fish > ~/.config/fish/completions/photolib.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    script = found(ctx.find_root().command, {}, "photolib", "_PHOTOLIB_COMPLETE")
    click.echo(script.source())
