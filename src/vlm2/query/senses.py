"""Words by their sense in a question: who sees, stands, looks and asks; the nouns of measures, places and people.

The classes are closed: a word that has no sense in a kind of question leaves it unsupported.
"""

from __future__ import annotations

import re

_IRREGULAR = """
be:am,is,are,was,were,been,being have:has,had,having do:does,did,done see:saw,seen find:found lie:lying tell:told
stand:stood sit:sat,seated get:got,gotten say:said know:known,knew show:shown take:took,taken give:gave lay:laid
go:went,gone come:came keep:kept hold:held run:ran catch:caught
"""
_FORMS = {verb: others.split(",") for verb, others in (entry.split(":") for entry in _IRREGULAR.split())}


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def verbs(text: str) -> frozenset[str]:
    """Return verbs with their forms: "face" gives "faces", "faced" and "facing"."""
    found: set[str] = set()
    for verb in text.split():
        stem, third = verb.removesuffix("e"), f"{verb[:-1]}ies" if verb[-2:] in ("fy", "ry", "ly") else f"{verb}s"
        past = f"{verb[:-1]}ied" if third.endswith("ies") else f"{stem}ed"
        doubled = re.fullmatch(r"[^aeiou]+[aeiou][bdgmnprt]", verb) and (f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing")
        found |= {verb, third, f"{verb}es", past, f"{stem}ing", *(doubled or ()), *_FORMS.get(verb, ())}
    return frozenset(found)


def nouns(text: str) -> frozenset[str]:
    """Return nouns with their plurals."""
    return frozenset(form for word in text.split() for form in (word, f"{word}s"))


def either(*senses: frozenset[str]) -> str:
    """Return a regular expression for one word of some classes."""
    return f"(?:{'|'.join(sorted(frozenset().union(*senses), key=len, reverse=True))})"


FILLERS = verbs("be do") | words(
    "a an the this that these those it its there here will would can could may might shall please some any about "
    "roughly approximately exactly precisely just really very actually now then so well um uh er erm hmm hey hi hello "
    "okay ok oh sorry maybe perhaps probably whole entire exact precise approximate rough estimated whether "
    "yeah yep gonna alright anyway basically"
)
"""Words that change nothing in any question."""
PEOPLE = nouns(
    "person observer viewer visitor guest user agent robot rover drone bot camera man woman kid boy girl child human "
    "friend customer client buyer tenant tourist resident player character operator machine vehicle avatar spectator "
    "bystander individual onlooker owner host"
) | words(
    "i me my mine myself you your yours yourself we us our one someone somebody anyone he him his she her they them "
    "their who people"
)
"""Those who see, ask, or stand somewhere."""
REQUESTS = verbs(
    "tell say give provide report return state query compute calculate determine estimate find get fetch retrieve "
    "request output print show specify indicate identify name pick choose select measure evaluate assess work figure "
    "check verify confirm answer classify localize localise locate derive infer deduce quantify share supply send "
    "advise clarify establish ascertain detect obtain note mention guess judge predict approximate gauge know wonder "
    "ask want need like love help try let explain remember rank express decide happen compare mind"
) | words("curious interested wondering keen able idea trying out kindly")
"""Verbs of asking, and what stands by them."""
SUPPOSE = verbs(
    "suppose imagine assume pretend consider picture say let take treat use visualize visualise envision think"
) | words("given if when as while once upon where whenever with then and but")
"""What opens a clause that says where someone is."""
PERCEIVE = verbs(
    "see spot notice find detect observe encounter film record show view pass capture appear watch identify recognise "
    "recognize glimpse present depict portray discover locate register track feature catch display "
    "log list mark tag map scan"
) | words("visible view sight across along")
EXIST = verbs(
    "have exist be contain include hold own possess offer sit stand keep lie occur locate install house "
    "accommodate comprise boast store scatter"
) | words("present available got placed kept")
PLACES = nouns(
    "home house place room apartment flat property premise accommodation dwelling residence interior building space "
    "area environment location site surrounding lodging"
)
"""What was filmed, as a whole; no room of it."""
MEDIA = nouns("video camera scene recording footage clip film map run route tour walkthrough viewing image frame")
EVERYWHERE = words(
    "everything everywhere anywhere around total overall altogether all in on of during along across "
    "throughout within inside told together display"
)
LINKS = words(
    "of to from for by with at as and or when while if what which whichever how much many across along up big have"
)
"""Words that join others, in every kind of question."""
COUNTS = words("headcount number count amount quantity tally total sum figure")
GAPS = words("distance gap separation clearance range spacing interval offset measurement proximity")
LONG = words("longest largest greatest biggest maximum maximal max major")
SHORT = words("smallest shortest least minimum minimal min lowest narrowest")
SIDES = nouns("side edge dimension extent axis measurement part bit stretch length size") | {"axes"}
STANCE = verbs(
    "stand sit position locate place park dock situate stop wait stay lie rest station be put pose perch base"
)
LOOKING = verbs(
    "face look gaze stare point aim orient orientate head turn watch direct rotate fix glance peer admire focus align "
    "angle"
) | words("seeing viewing heading forward front eyes gaze oriented nose orientation sensor")
POSES = nouns("pose position viewpoint origin perspective location spot standpoint place")
WAYS = words(
    "left right back behind front ahead backwards front-left front-right back-left back-right straight around rear"
)
WHICH_WAY = nouns("way direction side hand quadrant diagonal sector bearing corner orientation location position")
ANSWERS = words("in output value result unit units number given") | verbs("give return report express answer state")
"""What one says of the form of an answer: "return the value in metres"."""
MEASURES = verbs(
    "measure separate hold show run stand lie lay place put have be cover span get say read take extend reach "
    "stretch estimate"
) | words("tape ruler between apart far close down")
ALTERING = words(
    "average mean median difference height width depth volume weight thickness circumference perimeter diameter radius "
    "vertical horizontal ignore except exclude omit add subtract twice double triple cost price value worth taller "
    "wider larger smaller farther further longer shorter higher lower greater bigger less more fewer colour color "
    "shape style material opposite reverse mirror mirrored without minus plus wall walls ceiling yesterday tomorrow "
    "later earlier"
)
"""Words that would change what is asked, wherever they stand."""
SENSED = frozenset().union(
    FILLERS, PEOPLE, REQUESTS, SUPPOSE, PERCEIVE, EXIST, PLACES, MEDIA, EVERYWHERE, COUNTS, GAPS, LONG, SHORT, SIDES,
    STANCE, LOOKING, POSES, WAYS, WHICH_WAY, LINKS, ANSWERS, MEASURES,
)  # fmt: skip
"""All words that have a sense here: without a determiner, none of them names a thing."""
