"""The clauses that say where someone is: what one is at, what one does there, what one faces, what is on which side.

They are templates by the kind of what they say; `situations` puts them together.
"""

from __future__ import annotations

HANDLING = (
    "(opening|closing|shutting|locking|unlocking|pushing|pulling|lifting|grabbing|moving|dragging|raising|lowering|"
    "picking|putting down|hanging|folding|packing|unpacking|emptying|filling|loading|unloading|"
    "turning (on|off)|switching (on|off)|plugging in|operating|"
    "fixing|repairing|cleaning|wiping|erasing|dusting|painting|watering|"
    "touching|examining|inspecting|checking|adjusting|straightening|arranging|organizing|sorting|tidying|"
    "searching [through|in]|knocking on|(writing|drawing) on|typing on|playing|answering|"
    "climbing|(cooking|ironing) (on|at)) [up|out|through|on]"
)
"""What one does to a thing that one is at and looks at."""
PUTTING = (
    "(throwing|putting|placing|dumping|dropping|tossing|hanging|emptying|storing|writing|drawing|putting down|"
    "setting down|cleaning|wiping) [away|up]"
)
INTO = "[away|out|up] (in|into|inside|on|onto|at)"
SEEKING = "(looking|searching|hunting) [for]"
TAKING = "(emptying|taking|getting|grabbing|pulling|picking|removing|fetching|collecting) [out|up]"
OUT_OF = "[out|up] (from [inside]|out of|off)"
WASHING = (
    "(washing|brushing|drying|cleaning|flossing|combing|rinsing|wiping) (my|the|some) "
    "(hands|hand|face|teeth|hair|body|dishes)"
)
IDLE = (
    f"{WASHING}|(drinking|sipping|having|eating|enjoying|finishing) [my|a|some|a cup of] "
    "(coffee|tea|water|beer|soda|wine|juice|drink|lunch|dinner|breakfast|meal|food|snack)|"
    "(drinking|eating) from my (bottle|cup|glass|plate|bowl)|(with|while) (my|one|both) (foot|feet|leg|legs) on the "
    "(floor|ground)|"
    "(reading|studying) [my|a|an|the|some] (book|books|magazine|newspaper|article|articles|letter)|"
    "(thinking|working|relaxing|resting|waiting|reading|studying|daydreaming|dreaming|sleeping) [patiently|quietly]|"
    "people (watch|watching)|(standing|sitting|lying) on the (floor|ground)"
)
"""What one does anywhere: it says nothing of the place."""

MACROS = (
    ("act", "(<me> [(and|while|by)] [<do>] [and]|[(and|while)] <do> [and]|and|while)"),
    ("handle", HANDLING),
    ("put", PUTTING),
    ("into", INTO),
    ("take", TAKING),
    ("out", OUT_OF),
    ("seek", SEEKING),
    ("wash", WASHING),
    ("idle", IDLE),
    (
        "me",
        "[(if|when|whenever|while|say|suppose|imagine|picture|assume|and|but|then|that|as|where|now)] [now] "
        "(i am|i was|i|me|you are|you|we are|someone [is]|my place is|here i am|i have [just])",
    ),
    ("do", "<pose> [and <pose>]"),
    (
        "pose",
        "(stand|standing|stood|sit|sitting|seated|sat|lie|lying|laying|rest|resting|wait|waiting|stop|stopped|stopping|"
        "crouching|squatting|kneeling|bending|leaning|beginning|starting|working|walking|sleeping|relaxing|reading) "
        "[up|down|still|right|here|over|back|alone|straight]",
    ),
    (
        "near",
        "(by|at|[right] beside|[right] next to|near|close to|against|on [top of]|in|inside|along|over|"
        "[right] ahead of|"
        "[right] behind|(on|at|by|near) (the|an|one) (edge|end|foot|side) of)",
    ),
    (
        "look",
        "(facing|face|faces|to face|watching|watch|watched|see|turned to|pointed at|facing (towards|toward)|"
        "(looking|look|looks|staring|stare|gazing|glancing) [straight|dead|over|right] "
        "(at|to|toward|towards|in|into|out [of]|out at)|"
        "(looking|look) at (myself|my reflection) in|"
        "watching (a|some|the|my) (show|movie|film|video|videos|game|news) on|"
        "[with] [my] (eyes on|face to))",
    ),
    (
        "reach",
        "within [my] (reach|arms reach|arm's reach)|next to me|[very] (close|nearby|close by|close to me)|"
        "[from] across the room",
    ),
    (
        "far",
        "[from] across the room|(on|at) the (other|opposite) side of the room|"
        "[that is] far away [from me]|[that|which] i am (at|by)",
    ),
    (
        "have",
        "[(with|while|and|where|when|as|but)] "
        "[(having|i have|i see|i can see|can see|there is [also]|there are [also]|have|also)]",
    ),
    (
        "hang",
        "[(right|located|placed|standing|sitting|hanging|[hanging] on the wall|next to it|beside it|far away)] "
        "[within [my] (reach|arms reach|arm's reach)]",
    ),
    ("go", "(walk|walking|going|heading|moving|run|running) [straight|over|right] (to|towards|toward)"),
)
CLAUSES: tuple[tuple[str, str], ...] = (
    ("at", "<me> [<do>] <near> {at}"),
    ("at", "[(and|while|with)] <do> <near> {at}"),
    ("at", "[(seen|viewed|looking|when i look|as seen)] from {at}"),
    ("at", "[<me>] using {at}"),
    ("at", "<me> (getting|taking|walked [up] to) {at}"),
    ("at", "[and] [with] {at} (beside|next to) me"),
    ("before", "(<me> [<do>]|[(and|while)] <do>) [right|directly] (in [the] front of|before) {at}"),
    ("before", "(<me> [<do>]|<do>) <near> and facing {at}"),
    ("before", "<me> (facing|looking at) and (using|operating) {at}"),
    ("act", "<act> (working|studying|typing|writing|eating) (at|on) {at}"),
    ("act", "<act> <handle> {at} [[right] in front of me] [to (get|go) (in|out)]"),
    ("act", "<act> <put> {object} [(to|for|of) {object}] <into> {at} [[right] in front of me]"),
    ("act", "<act> (writing|drawing) on {at} {object} [of {object}]"),
    ("act", "<act> <take> {object} <out> {at}"),
    ("act", "<act> <seek> {object} (in|inside|on|through) {at}"),
    ("act", "<act> <wash> (at|in|over|in front of|on|with) {at}"),
    ("first", "<handle> {at}"),
    ("first", "<put> {object} <into> {at}"),
    ("nothing", "[(and|while|after|then)] [<me>] [<do>] [and] <idle>"),
    ("nothing", "<me> <do>"),
    (
        "face",
        "[(and|while|with|that|then|as|but)] [<me>] [<do>] [and] <look> [(a|an|the|one) (end|edge|side) of] {face} "
        "[[right|directly] in front of me] "
        "[<far>]",
    ),
    ("face", "[(and|while|with)] [<me>] [<do>] [and] <look> {face} and {face}"),
    ("face", "[(and|while)] [<me>] [<do>] [and] <go> {face} [<far>]"),
    ("face", "[and] [with] {face} [<far>] [is] [(straight|right|directly)] (ahead|in front) [of me] [<far>]"),
    ("it", "[(and|while|but)] <look> it"),
    ("cue", "<have> {cue} [(is|are|being)] <hang> {side} [<reach>]"),
    ("cue", "<have> {cues} [(is|are|being)] <hang> {side} [<reach>]"),
    ("cue", "[and|with|while] {side} [<reach>] [(is|are|there is|there are|i have)] {cue} [<reach>]"),
    ("cue", "[(that|which)] i [just] (took|got|picked up|fetched) from {cue} {side} [<reach>]"),
    ("cue", "[and|while] being [in] between {cue} {side} and {cue} {side}"),
    ("back", "[(and|with|while)] [<me>] [<do>] facing away from {cue} [[right|directly] behind me]"),
    ("back", "[(and|with|while)] (my|the) (back|backside) [is] [facing|turned] [to|towards|against] {cue} [<far>]"),
    ("other", "<have> (another|another one|one|one more) [(is|are|being)] <hang> {side} [<reach>]"),
    ("own", "[(and|with|while)] [it [is]] {side} [<reach>]"),
)
"""What a clause says: someone is at a thing; before it, so facing it; acts on it, so facing it, be they at another
thing or not; the same (first) at the beginning of a text, or right behind a clause; nothing of where they are; faces a
thing, or "it", what they are at; has things on a side, or behind the back; has another thing there of the kind that
they are at or face; or has the thing that they are at there."""
