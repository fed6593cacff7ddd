"""The words that people use for things, colours, rooms, sizes and units; singular and plural."""

from __future__ import annotations

from ..scenes.vocabulary import SYNONYMS, VOCABULARY

THING = "thing"  # the label of a thing of any kind
STRUCTURE = frozenset({"wall", "floor", "ceiling", "beam", "pillar", "object", "other", "unknown"})
"""Labels of scans that are no one thing: no answer to "what is there?"."""
LIVING = frozenset({"person", "cat", "dog", "bird", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})
"""Labels of detectors for what does not stay in its place."""

_COLOURS = """
beige black blue brown cream gold golden gray green grey maroon orange pink purple red silver tan teal turquoise
violet white yellow
"""
COLOURS = frozenset(_COLOURS.split())
SHADES = frozenset({"dark", "light", "bright", "pale"})
ROOMS = frozenset({
    "kitchen", "bathroom", "bedroom", "living room", "dining room", "office", "study", "hall", "hallway", "corridor",
    "laundry room", "storage room", "lobby", "garage", "basement", "attic", "balcony", "nursery", "entrance hall",
})  # fmt: skip
UNITS = {
    "m": ("m", "meter", "meters", "metre", "metres"),
    "cm": ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
    "feet": ("ft", "feet", "foot"),
    "inches": ("inch", "inches"),
    "yards": ("yard", "yards"),
    "m²": ("m²", "m2", "sqm", "sq m", "sq meters", "square meters", "square metres", "square meter", "square metre"),
    "square feet": ("square feet", "square foot", "sqft", "sq ft", "sq feet", "ft²", "ft2"),
}
PER_METRE = {"m": 1.0, "cm": 100.0, "feet": 3.28084, "inches": 39.3701, "yards": 1.09361}
PER_SQUARE_METRE = {"m²": 1.0, "square feet": 10.7639}

IRREGULAR = {
    "mice": "mouse", "shelves": "shelf", "bookshelves": "bookshelf", "knives": "knife", "people": "person",
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "leaves": "leaf", "loaves": "loaf",
    "scarves": "scarf",
}  # fmt: skip
PLURAL_ONLY = frozenset({
    "binoculars", "clothes", "jeans", "pajamas", "pants", "pliers", "pyjamas", "scissors", "shorts", "stairs",
    "sunglasses", "tights", "tongs", "trousers",
})  # fmt: skip
"""Nouns without a singular."""
NO_PLURAL = ("ss", "us", "is")


def singular(noun: str) -> str:
    """Return a noun's singular: "trash bins" gives "trash bin"."""
    *before, last = noun.split(" ")
    if last in PLURAL_ONLY:
        return noun
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("ches", "shes", "sses", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(NO_PLURAL) and len(last) > 2:
        last = last[:-1]
    return " ".join([*before, last])


def plural(noun: str) -> str:
    """Return a noun's plural: "trash bin" gives "trash bins"."""
    known = next((many for many, one in IRREGULAR.items() if noun == one or noun.endswith(f" {one}")), None)
    if known is not None:
        return noun[: len(noun) - len(IRREGULAR[known])] + known
    if is_plural(noun):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


NAMES = {singular(name): category for category in VOCABULARY[1:] for name in (category, *SYNONYMS.get(category, ()))}
"""The category of each name that the vocabulary has for a thing."""


def our_name(label: str) -> str:
    """Return a label of a foreign detector in the words of the vocabulary: "Couch" gives "sofa". One that the
    vocabulary has no name for stays, in lower case."""
    plain = " ".join(label.lower().replace("_", " ").split())
    return NAMES.get(singular(plain), plain)


def same_things(label: str) -> frozenset[str]:
    """Return the names, in the singular, of the things that a name stands for, itself among them."""
    own = singular(label)
    category = NAMES.get(own)
    return frozenset({own} if category is None else {own} | {name for name, of in NAMES.items() if of == category})


def is_plural(noun: str) -> bool:
    """Tell whether a noun stands in the plural, or has no other form."""
    return noun.rpartition(" ")[2] in PLURAL_ONLY or singular(noun) != noun


def a(phrase: str, noun: str | None = None) -> str:
    """Return a noun with its indefinite article, if it takes one; or a phrase about a `noun`: "an old sofa"."""
    return phrase if is_plural(noun or phrase) else f"{'an' if phrase[:1] in 'aeiou' else 'a'} {phrase}"


def the_room(name: str) -> str:
    """Return a room's name with its article: "the kitchen", "bedroom 2"."""
    return name if name[-1:].isdecimal() else f"the {name}"


def listed(items: list[str], last: str = "and") -> str:
    """Return a list in words: "the bed, the sofa and the tv"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else "nothing"


_NOUNS = """
aerial air alarm anchor apron aquarium arm armchair art atlas awning bag ball balloon bar basket bassinet bath bathroom
baton bean bedframe bench beverage bicycle bike binoculars bird blackboard blender blind board boiler book bookend booth
bottle bouquet brick briefcase broom brush buggy bulletin bunk button cabinet-door cactus cage calculator calendar can
candle candlestick car card cardboard cart case cassette cat chandelier chess chest chimney cleaner clipboard clothes
clothesline clothing coaster coat coffee comforter conditioner cone console container copier cot couch cover cradle
crate cream crib curtain curtain-rod cushion cutlery cutter cutting decanter dehumidifier detergent diary dictionary
dining dish dishcloth dishwasher dispenser display divider dog doll dolly doorbell doorframe doorknob doormat doorstop
doorway drawer dress dresser dryer dumpster dustbin dustpan duvet easel end exercise exhaust extinguisher faucet fern
file filing filter fire fireplace fishbowl flag flashlight flask flower flyer folder footrest footstool fork fountain
frame freezer fruit fryer furnace fuse game garbage garden gate glass globe glove grater griddle hair hammer hammock
hamper handrail hanger harp hassock hat hatrack headboard headphone heater helmet herb holder hood hoover humidifier
instrument iron ironing island ivy jacket jar jug juicer kennel kitchen kitten knapsack knife knob ladder lantern laptop
laundry lavatory lawnmower lectern ledge litter locker loveseat machine magazine mailbox maker mannequin mask mat
mattress medicine microphone microscope mini minifridge mixer mop music napkin needle newspaper notebook office oil
opening orchid organizer ottoman outlet oven package paddle paint painting panel paper parasol partition pedestal
pegboard pen perfume person photo photograph pillowcase pipe planter plate player plunger pocket podium pool poster pot
pouffe pram projector puppet purse puzzle quilt rack rail razor receiver recliner recycling reel remote rice rocking rod
roll rope router rubber sack saucepan saucer scale scanner scarf scissors scooter screen screwdriver sculpture seat
secateurs sewing shampoo shaver sheet shelving shirt shoe shoehorn shovel shower shredder shutter side sieve sign
skateboard ski slipper soap soda sofa-bed soundbar spade spatula speaker spice spider sponge spoon spotlight stair
stairs staircase stall stand stapler statue step steps stereo stool storage strainer strip suit sunbed surfboard switch
sword
tablecloth tank tap tea teapot teddy telephone telescope telly tennis tent terrarium thermometer thermostat tie tights
tire tissue toaster tongs tool toolbox toothbrush torch tote toy traffic trash trashcan tray treadmill tree trellis
tricycle tripod trolley trophy trousers trowel trumpet tube turntable typewriter umbrella unit urinal vacuum vanity vase
vending vent ventilator violin wardrobe washbasin waste water watering webcam wheel wheelbarrow wheelchair whisk
windowsill wine wire wok wreath xylophone yoga
"""
_ATTRIBUTES = """
another back beautiful big both bottom bright central circular clean clear closed colorful comfortable covered curved
dark different dirty double each empty every fabric favorite few fewer flat folded front full glass-topped half hard
heavy high huge immediate large leather left left-most leftmost light little lonely long low lower made main many
marble messed messy metal metallic middle more most multi-colored multicolored narrow new nice old only open opened
other oval pale patterned plastic real rectangular right rightmost round same short shut single small soft square
stainless steel striped tall tiny top transparent unmade upper whole wide wood wooden
"""
_FUNCTION = """
a about above access across address after age all along am amount an and any apartment appear appears are area around
as at away back backward backwards be because been before behind being below beside between building but by called
camera can center centre check city clean clock-time close closest cm color colors colour colours corner cost could
count country day degrees did direct direction directly distance do does doing done down drink drop dump during eat
else end everything exit faces facing far farthest feet find first five fix flat foot for forward forwards found four
from front furthest get give go goes going grab had hair hand hands hang hanging has have having he height her here
herself him himself his home hour house how hung i if in into is it its kind last lay leave left length lens less lie
located look looking looks made make makes many material may me meter meters metre metres middle might mine minute
minutes month more much must my myself name names near nearest next no nor not nothing number of off on one ones onto
or order our out outside over pair part pick piece place placed play price pull push put reach read reflection
relation rest right room rooms row saw scene second seconds see seen set shall shape she should show shown side sides
since sit sits sitting six size sleep some something space stand standing stands surface teeth tell than that the
their them themselves then there these they this those three through throw time times to today tomorrow touch turn
turned turns two type under until up us use used using video viewer walk walking walks was wash watch water way we
weather week were what when where whether which while who whom whose why width will with without would write year yes
yesterday you your yourself
"""

NOUNS = frozenset(_NOUNS.split()) | {"front door", "back door"}
"""Other names of things at home: known words, though no eyes may know them."""
PARTS = frozenset({"end", "side"})
"""Words that are part of a thing's name ("end table"), and name no thing alone."""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""Words for what a map does not hold of a thing, so that a question that says them is not understood."""
FUNCTION = frozenset(_FUNCTION.split())
"""Words that name no thing."""
