"""What photos commonly show, in plain words: what an encoder's texts are ordinarily like."""

VERSION = 1
"""Grows whenever a sentence changes: what was computed from others is computed again."""

_LINES = """
a dog lying on the grass; a puppy looking into the camera; a cat asleep on a sofa; a kitten with a
toy; a bird on a branch; ducks on a pond; a horse in a field; cows behind a fence; sheep on a
hill; a butterfly on a flower; an insect on a leaf; fish in an aquarium; an elephant at the zoo; a
lion resting; a monkey in a tree; a giraffe eating leaves; zebras drinking; a bear near a river; a
rabbit in the garden; a squirrel on a fence; a snake on a rock; a frog in the water; a turtle on
the sand; an owl in the dark; seagulls by the sea; a spider in its web; a farm with chickens; a
baby smiling; a child on a swing; two children building a tower; a boy with a football; a girl
with a balloon; a family at the dinner table; a man with a beard; a woman with sunglasses; an old
couple on a bench; grandparents with a baby; a group of friends laughing; a portrait of a man; a
portrait of a woman; a selfie in a mirror; people dancing; a bride and groom; guests at a wedding;
students in a classroom; a teacher at a blackboard; a doctor with a patient; a cook in a kitchen;
a man fixing a bicycle; a woman reading a book; a boy playing a guitar; a band on a stage; a crowd
at a concert; people waiting in a queue; a runner on a road; a swimmer in a pool; a surfer on a
wave; a skier on a slope; a snowboarder in the air; a tennis player serving; a football match;
children playing basketball; a baseball game; a rider on a horse; a cyclist in a race; a
skateboarder doing a trick; a climber on a wall; a fisherman in a boat; hikers on a trail; a yoga
class; a chess game; a clown at a circus; a priest in a church; a soldier in uniform; a police
officer; a fire fighter; a worker with a helmet; a baby in a pram; a person in a wheelchair;
someone holding an umbrella; a sandy beach; waves on the shore; a rocky coast; a lighthouse; boats
in a harbour; a sailing boat; a ship at sea; a lake between mountains; a snowy mountain; a
waterfall; a river in a valley; a forest path; tall trees; a field of flowers; a desert with
dunes; a cave; a volcano; a glacier; an island from above; palm trees; a green meadow; a vineyard;
a wheat field; autumn leaves; trees in blossom; a sunset over the sea; a sunrise over hills;
clouds in a blue sky; a storm with lightning; a rainbow; a starry night; the full moon; fog in the
morning; rain on a window; ice on a branch; a snowman; a campfire; a tent in the woods; fireworks;
a city street; a street at night; tall buildings; a city from above; a bridge over a river; a
castle on a hill; an old church; a cathedral inside; a temple; a mosque; a statue in a square; a
fountain; a market with fruit; a shop window; a restaurant; a cafe with tables outside; a bar with
bottles; a hotel room; a museum hall; a library with shelves; an office with computers; a factory;
a building site; a railway station; an airport; a petrol station; a car park; a playground; a park
with benches; a cemetery; a stadium; a theatre; a swimming pool; a garden with roses; a wooden
house; a block of flats; a front door; a stone wall with graffiti; a roof with chimneys; ruins of
a temple; a windmill; a tower with a clock; a street sign; a traffic light; a poster on a wall; a
flag in the wind; a red car; an old car; a white van; a lorry on a motorway; a bus in the city; a
tram; a steam train; a train at a platform; a bicycle against a wall; a motorcycle; a scooter; an
aeroplane in the sky; an aeroplane on a runway; a helicopter; a hot air balloon; a canoe; a cruise
ship; a tractor in a field; an ambulance; a parked caravan; the inside of a car; a view from a
train window; a living room with a sofa; a bedroom with a bed; a kitchen with white cupboards; a
bathroom with a mirror; a toilet; a bathtub; a staircase; a fireplace; a table with chairs; a desk
with a lamp; a bookcase; a television; a laptop on a table; a keyboard and a mouse; a mobile
phone; a camera; a printer; a clock on a wall; a pair of glasses; a wristwatch; a ring; a
necklace; a handbag; a suitcase; shoes on the floor; a hat; a red dress; a suit and a tie; a
folded shirt; a scarf; a teddy bear; toys on a carpet; a doll; building bricks; a board game;
playing cards; a puzzle; a guitar; a piano; a violin; drums; a vase with flowers; a plant in a
pot; a candle; a painting; a drawing by a child; a photograph of a photograph; a mirror in a
frame; scissors and paper; tools on a bench; a hammer; a ladder; a refrigerator; a washing
machine; an oven; a fan; a lamp; a window with curtains; a pillow; a blanket; a broken chair;
boxes in a cellar; a heap of rubbish; a bucket; a pizza; a hamburger with chips; a sandwich; a
salad; a bowl of soup; noodles with vegetables; sushi; grilled meat; a roast chicken; fish on a
plate; bread on a board; cheese; fried eggs; pancakes; a birthday cake with candles; a slice of
cake; ice cream; chocolate; biscuits; apples; bananas; oranges; strawberries; a bowl of fruit;
tomatoes; carrots; broccoli; potatoes; mushrooms; a cup of coffee; a pot of tea; a glass of wine;
a bottle of beer; a cocktail; a glass of water; a breakfast table; a barbecue; a picnic; a
christmas dinner; a table laid for a party; a christmas tree; presents with ribbons; a halloween
pumpkin; easter eggs; a carnival costume; a birthday party; a graduation; a parade; a
demonstration; a funeral; a sports trophy; a school play; a newspaper; a page of a book; a
handwritten letter; a receipt; a ticket; a map; a menu; a passport; a whiteboard with notes; a
business card; a form to fill in; a screenshot of a website; a screenshot of a chat; a table of
numbers; a diagram; a bar code; a packaging label; a funny picture with words; a black and white
photo; a blurred picture; a dark picture; an empty white picture; a close-up of skin; a pattern of
lines; a colourful texture; a shadow on the ground; a reflection in water; a hand; a face from the
side; feet in the sand; an x-ray; a microscope image; a satellite image; a plain wall; something
round and shiny; many small things in a row; nothing in particular
"""

CAPTIONS: tuple[str, ...] = tuple(" ".join(part.split()) for part in _LINES.split(";"))
"""Some hundreds of short descriptions of people, animals, places, things, food and papers."""
