"""Words for what photos show, which a text encoder is asked about to name albums."""

_LISTED = """
    dog cat horse cow sheep goat pig rabbit hamster mouse squirrel deer fox wolf bear lion tiger
    elephant giraffe zebra monkey kangaroo camel whale dolphin shark fish seal penguin duck swan
    goose chicken parrot owl eagle pigeon seagull bird butterfly bee spider insect snail crab
    lobster shrimp octopus jellyfish starfish turtle tortoise lizard snake frog crocodile
    dinosaur dragonfly scorpion baby child teenager man woman crowd family couple portrait
    selfie wedding birthday party dance concert band choir theatre festival carnival parade
    fireworks graduation meeting conference classroom office workshop market museum church
    mosque temple castle palace tower bridge lighthouse windmill barn farm factory skyscraper
    skyline street alley square park playground garden greenhouse fountain statue graffiti mural
    monument ruins cemetery beach sea wave island harbour boat sailboat ship ferry canoe kayak
    surfing swimming pool diving river lake waterfall stream canal swamp forest tree leaves
    autumn blossom flower rose tulip sunflower lily orchid daisy lotus mushroom cactus grass
    meadow field wheat vineyard orchard hill mountain glacier volcano cave cliff canyon desert
    dunes rocks snow ice fog rain storm lightning rainbow clouds sky sunset sunrise night moon
    stars northern lights breakfast dinner picnic barbecue restaurant kitchen bread cake pizza
    pasta salad soup sushi burger sandwich cheese meat steak fruit apple banana orange
    strawberry grapes lemon tomato vegetables coffee tea wine beer cocktail chocolate ice-cream
    candy eggs rice noodles car truck bus tram train railway station bicycle motorcycle scooter
    aeroplane airport helicopter balloon rocket tractor tent campfire backpack luggage road
    motorway tunnel parking petrol-station traffic football basketball tennis baseball golf
    hockey rugby volleyball skiing snowboarding skating running cycling climbing hiking yoga
    gymnastics boxing fishing riding rowing chess stadium house cottage apartment bedroom
    bathroom living-room sofa chair table lamp bookshelf fireplace stairs window door balcony
    roof mirror clock piano guitar violin trumpet saxophone accordion drum gramophone radio
    television computer laptop keyboard telephone camera headphones watch glasses umbrella hat
    shoe dress suit jewellery necklace bag scissors hammer tool knife spoon bottle cup glass
    vase candle pillow toy doll teddy-bear kite puzzle book newspaper map letter document
    receipt sign menu whiteboard screenshot diagram chart painting drawing sketch sculpture
    pottery quilt flag stamp coin banknote ticket christmas halloween easter new-year snowman
    pumpkin gifts lantern temple-roof costume mask hospital doctor laboratory microscope soldier
    police firefighter x~ray ultrasound anchor barrel stapler wrench pagoda cannon wheelchair
    soccer-ball metronome minaret menorah yin-yang chandelier ceiling-fan grand-piano headphone
    ketch schooner revolver inline-skate ewer euphonium mandolin sunglasses stop-sign
    strawberry-field water-lily bonsai brain buddha dollar-bill ferry-boat platypus hedgehog
    okapi rhinoceros hippopotamus leopard panther cheetah llama emu flamingo ibis rooster beaver
    wild-cat crayfish nautilus trilobite ant mosquito tick joshua-tree texture pattern wallpaper
    silhouette shadow reflection black~and~white aerial-view underwater close-up panorama
    abstract architecture interior landscape
"""

WORDS = tuple(word.replace("-", " ").replace("~", "-") for word in _LISTED.split())
"""A hyphen in the list is a space, a tilde a hyphen."""
