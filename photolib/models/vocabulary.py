"""The words that photos are scored against when nobody has said which: things, scenes, occasions.

They are singular English nouns, as detectors name things (the eighty of the COCO data set are among
them), so that what is suggested and what is detected bear one name.
"""

from __future__ import annotations

_THINGS = """
airplane, apple, backpack, ball, balloon, banana, baseball bat, baseball glove, basket, bed, bench,
bicycle, boat, book, bottle, bowl, broccoli, bus, cake, camera, candle, car, carrot, cell phone,
chair, clock, coffee, computer, couch, cup, dining table, donut, fire hydrant, flag, flower, fork,
frisbee, guitar, hair drier, handbag, hat, helicopter, hot dog, jewellery, keyboard, kite, knife,
lamp, laptop, microwave, motorcycle, mouse, mushroom, orange, oven, painting, parking meter, piano,
pizza, potted plant, refrigerator, remote, salad, sandwich, scissors, sculpture, shoe, sink,
skateboard, skis, snowboard, spoon, sports ball, stop sign, strawberry, suitcase, surfboard, teddy
bear, tennis racket, tent, tie, toaster, toilet, toothbrush, toy, tractor, traffic light, train,
tree, truck, tv, umbrella, vase, wheelchair, wine glass
"""
_CREATURES = """
baby, bear, bird, butterfly, cat, chicken, child, cow, crab, deer, dog, duck, elephant, fish, fox,
frog, giraffe, goat, horse, insect, lion, monkey, owl, person, pig, rabbit, sheep, snake, spider,
squirrel, swan, tiger, turtle, whale, zebra
"""
_SCENES = """
airport, aquarium, bathroom, beach, bedroom, bridge, castle, cave, church, city street, classroom,
cliff, construction site, desert, farm, field, forest, garden, harbour, house, kitchen, lake,
lighthouse, living room, market, mountain, museum, office, park, playground, restaurant, river,
road, ruins, sea, shop, skyline, stadium, swimming pool, tower, train station, tunnel, village,
waterfall, windmill
"""
_OCCASIONS = """
barbecue, birthday party, christmas tree, concert, crowd, fireworks, fog, football match,
graduation, group of people, hiking, lightning, meal, night, parade, picnic, rainbow, sailing,
selfie, snow, starry sky, sunset, surfing, wedding
"""
_PAPERS = "document, drawing, map, menu, poster, receipt, screenshot, whiteboard"

DEFAULT_WORDS: tuple[str, ...] = tuple(
    sorted(
        word.strip()
        for part in (_THINGS, _CREATURES, _SCENES, _OCCASIONS, _PAPERS)
        for word in part.replace("\n", " ").split(",")
    )
)
"""The words that ship, in alphabetical order."""

TEMPLATES = (
    "a photo of a {}",
    "a picture with a {} in it",
    "a close view of a {}",
    "a {} seen from far away",
    "a snapshot of the {}",
    "{}",
)
"""Each word is embedded in all of them; the mean of several prompts is nearer to the pictures than
any one (Radford et al., "Learning transferable visual models from natural language supervision",
2021, section 3.1.4)."""

NEUTRAL_TEXTS = (
    "a photo",
    "a picture of something",
    "an image without a subject",
    "a snapshot taken by chance",
    "an ordinary photo of everyday life",
    "a blurred photo",
    "a dark photo",
    "a bright photo",
    "a texture",
    "colours and shapes",
    "the background of a photo",
    "many different things",
)
"""Texts that fit any picture: a word that is no nearer than these says nothing."""
