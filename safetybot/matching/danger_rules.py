"""Readable rules of danger in English: who, now, here, means at hand; and what speaks against it.

The learnt signs (:mod:`safetybot.matching.danger`) carry most of the weight. These rules catch what must never depend
on training, and give a reason in plain words. A rule is silent where the text is clearly about the past, a film, a
game, schoolwork or a figure of speech; what was learnt still counts there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from safetybot.guidance.model import Sign


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern in normalised text, how dangerous it is, and why, in words for an editor."""

    sign: Sign
    reason: str
    pattern: re.Pattern[str]


def _rule(sign: Sign, reason: str, *alternatives: str) -> Rule:
    return Rule(sign, reason, re.compile("|".join(f"(?:{a})" for a in alternatives)))


_PERSON = (
    r"(?:he|she|they|dad|daddy|mum|mom|my (?:step ?)?(?:dad|mum|brother|sister|uncle|ex|boyfriend|bf|girlfriend|gf)"
    r"|(?:her|his|mums|my mums) (?:boyfriend|bf|ex)|(?:the|this|a|some) (?:man|guy|bloke|lad|boys?|girls?|men|people|lads))"
)
_IS = r"(?:'s| is|s|'re| are|re)?"
_NOW = r"(?:now|right now|rn|tonight|today|in a (?:minute|min|bit|sec)|this minute|atm|at the moment)"
_SELF_KILL = (
    r"(?:kill(?:ing)? (?:my ?self|me ?self)|end(?:ing)? (?:it all|my life)|take my (?:own )?life|hang(?:ing)? my ?self"
    r"|unalive my ?self|jump(?:ing)? (?:off|in front)|commit(?:ting)? suicide|overdose|od)"
)
_MEANS = r"(?:pills?|tablets?|paracetamol|ibuprofen|painkillers?|meds|medication|bleach|antidepressants|sleeping pills)"
_WEAPON = r"(?:kni(?:fe|ves)|guns?|machetes?|hammer|axe|blades?|zombie (?:knife|knives)|baseball bats?|acid|shanks?)"
_FAMILY = r"(?:me|us|my|mummy|mummys|mum|mums|her|hers|his|him|the baby|baby|my (?:mum|mums|sister|brother|nan))"
_ONLINE = r"(?:online|insta|instagram|snap|snapchat|roblox|discord|tiktok|yubo|the app|the internet)"

RULES = (
    _rule(
        Sign.EMERGENCY,
        "has taken something dangerous",
        rf"\b(?:i|ive|i've|i have|she|he|shes|hes|they|friend|mate|sister|brother)\b.{{0,20}}\b(?:took|taken|swallowed"
        rf"|had|drank|drunk|necked|downed)\b.{{0,25}}(?<!hayfever )(?<!allergy )(?<!vitamin )(?<!iron )\b{_MEANS}\b",
        r"\b(?:i|ive|i've|i have|shes?|he|hes) (?:just |have |has )?(?:taken an? )?overdosed?\b(?! on (?:haribo|sweets|sugar"
        r"|chocolate|crisps|cake|pizza|tv|netflix))",
        rf"\b(?:took|taken|tuk|tooken|swall?ow?ed|swall?ow|neck(?:ed|d)) (?:loads|lots|all|too many|every|the (?:whole|hole|all)|a load|a whole|em all|them all)\b.{{0,25}}(?:{_MEANS}|tablits|pils|them|em|it|bottle|packet|box)?(?:$|\b(?:{_MEANS}|tablits|pils|bottle|packet|box)\b)",
        r"\b(?:took|taken|swallowed) (?:them|em|it) all\b",
        r"\b(?:took|taken|swallowed) everything in (?:the|my|mums?) .{0,12}(?:cabinet|cupboard|drawer)\b",
        r"\btook more than (?:the|it) (?:packet|box|label|says)\b",
        rf"\btook (?:loads|lots|all|too many|(?:a|the) (?:whole )?(?:pack|packet|box|bottle|handful)) of\b.{{0,20}}(?:{_MEANS}|them)",
    ),
    _rule(
        Sign.EMERGENCY,
        "means to end their life now",
        rf"\b{_SELF_KILL}\b.{{0,25}}\b{_NOW}\b",
        rf"\b{_NOW}\b.{{0,25}}\b(?:im|i'm|i am|gonna|going to|will) (?:gonna |going to )?{_SELF_KILL}\b",
        r"\b(?:about|ready) to (?:jump\b(?! (?:in|on|into) (?:an? |the |my )?(?:shower|bath|bed|car|bus|taxi|uber|call|vc|discord|game|lobby)\b)|end it|end my life|kill my ?self|hang my ?self)\b",
        r"\bon (?:the|a) (?:bridge|roof|ledge|train tracks|tracks|platform)\b.{0,60}\b(?:jump|end it|die|goodbye|bye)\b",
        r"\b(?:jump|end it|want to die|wanna die)\b.{0,60}\bon (?:the|a) (?:bridge|roof|ledge|train tracks|tracks)\b",
        r"\b(?:good ?bye|bye) (?:forever|for good|for ever)\b|\bsleep forever\b",
        r"\b(?:when|by the time|if) (?:you|u|ya|yous|anyone|someone) (?:reads?|sees?|gets?|finds?) (?:this|dis)\b.{0,25}\b(?:i will|i'll|ill|i|im|i'm) (?:already )?(?:be )?(?:gone|dead|not here|at peace|wont be here)\b",
        r"\b(?:i )?(?:wont|won't|will not) be (?:here|around|alive) (?:by|in the|tomorrow|tomoro|tmrw|tmr|after tonight)\b",
        r"\b(?:wrote|written|writing|left|leaving)\b.{0,15}\b(?:the|my|a|suicide|goodbye) (?:notes?|letters?)\b.{0,40}\b(?:its time|it's time|tonight|goodbye|bye|sorry|on (?:my|the) (?:desk|bed|pillow|table))\b",
        r"\b(?:im|i'm|i am) (?:up |sat |stood |standing |sitting )?on (?:the|a) (?:roof|ledge|bridge|railings?|edge) of\b(?! my seat)",
        r"\b(?:sorry|fault|goodbye|tell (?:my|her|him|them|mum|dad))\b.{0,100}\bon (?:the|a) (?:roof|ledge|bridge|railings?|tracks)\b",
        r"\b(?:rope|noose|blade|pills|tablets|tablits) (?:is |are |r )?(?:in my hand|in front of me|ready|next to me|on my bed)\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "someone has a weapon",
        rf"\b{_PERSON}{_IS}\b.{{0,12}}\b(?:has|have|got|holding|with|waving|pulled|carrying)\b.{{0,15}}\b{_WEAPON}\b",
        rf"\b{_PERSON}{_IS} (?:all )?(?:got|have|has) {_WEAPON}\b",
        r"\b(?:throw|threw|chuck(?:ed)?|pour(?:ed|ing)?) (?:acid|boiling water|bleach|petrol)\b.{0,20}\b(?:at|on|over)\b",
        r"\btheres? (?:is )?a bomb\b.{0,30}\b(?:school|going off|bus|train|station|here)\b",
        rf"\b(?:waiting|coming|outside|stood|standing|chasing|running|walking)\b.{{0,30}}\b(?:with|w|holding|carrying)\b.{{0,12}}"
        rf"\b{_WEAPON}\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "someone is here, or breaking in",
        r"\b(?:breaking|kicking|smashing) (?:in(?:to)?|down|through|the|our|my)\b.{0,12}\b(?:house|door|window|flat|home)\b",
        r"\b(?:trying|tryna) (?:to )?(?:get|break) in(?:to)? (?:the|our|my) (?:house|door|window|room|flat)\b",
        rf"\b{_PERSON}{_IS} (?:right |stood |standing |sat |waiting )?(?:outside|at) (?:of )?my (?:house|home|door|window"
        r"|flat|room)\b",
        r"\b(?:im|i'm|i am|were|we're) (?:hiding|hidden|locked) (?:in|under|behind)\b.{0,40}\b(?:he|she|they|dad|mum|him"
        r"|her|them|man|scared)\b",
        r"\bfollow(?:ing|ed) me (?:home|right now|now|rn|down|from (?:the|school|town|work)|in)\b",
        r"\b(?:man|men|guy|bloke|car|van|someone|person|people|group|gang|lads|boys) (?:is |are |keeps |in a car )?follow(?:ing|s) (?:me|us)\b(?=\s*(?:$|[^\w\s]|and\b|rn|home|down|from (?:the|school|town)|in (?:a|his|the) (?:car|van|street|dark|park)|im scared|i'm scared))",
        r"\b(?:being|getting) followed\b.{0,30}\b(?:now|rn|home|man|car|scared|help)\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "cannot get away",
        r"\b(?:wont|won't|will not|not) let(?:ting)? (?:me|us) (?:leave|go home|out|get out|go outside)\b",
        r"\b(?:im|i'm|i am|hes|shes|they|were) (?:locked|trapped|stuck) in\b.{0,40}\b(?:cant|can't|cannot) (?:get out"
        r"|leave)\b",
        r"\b(?:lock(?:ed|s)?|shut|trapped) (?:me|us) in\b(?! a (?:game|room in (?:the|a) (?:game|story)))",
        r"\b(?:keep|keeping|keeps|kept|hold|holding|holds|held) (?:me|us) (?:locked\b(?! out)|trapped|hostage|prisoner|captive)",
        r"\b(?:put|pushed|got|shoved|threw) (?:me|us) in(?:to)? (?:a|the|his|their) (?:car boot|boot|van)\b",
        r"\bin (?:a|the) lorry\b.{0,60}\b(?:cant|can't|cannot|hot|open|air|breathe)\b",
        r"\btook my (?:passport|phone)\b.{0,40}\b(?:lock|cant leave|can't leave|wont let)\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "someone is being hurt now",
        rf"\b{_PERSON}{_IS} (?:hitting|beating|strangling|choking|stabbing|attacking|hurting|punching|kicking|raping"
        r"|touching) (?:me|my mum|her|him|us|my (?:sister|brother))\b.{0,30}\b(?:now|rn|right now|help|stop)\b",
        rf"\b(?:help|now|rn)\b.{{0,20}}\b{_PERSON}{_IS} (?:hitting|beating|strangling|choking|stabbing|attacking) ",
        rf"\b(?:hands?|rope|belt|pillow|cord) (?:round|around|on|over) {_FAMILY}.{{0,12}}\b(?:neck|neks?|throat|face|mouth)\b|\bput (?:a )?pillow on (?:the )?baby\b",
        r"\b(?:she|he|they|dad|mum|someone) (?:just )?stabbed (?:me|him|her|my)\b(?! in the back)",
        r"\b(?:been|i got|he got|she got|mate got|friend got|brother got) (?:stabbed|shot)\b(?!.{0,20}\b(?:in|on) (?:fortnite|cod|gta|the game|roblox)\b)",
        rf"\b{_PERSON}{_IS} (?:gonna|going to|coming to|about to) (?:kill|stab|shoot) (?:me|us|my mum)\b.{{0,40}}"
        r"\b(?:help|now|here|outside|tonight|door|coming)\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "a life may be at risk",
        r"\b(?:isnt|isn't|is not|stopped) breathing\b",
        r"\b(?:not|cant|can't) breath(?:e|ing)\b.{0,40}\b(?:help|now|blue|lips|she|he|my)\b",
        r"\b(?:she|he|mum|dad|friend|mate|sister|brother|baby|nan|they)\b.{0,20}\b(?:wont|won't|will not|cant|can't|not)"
        r" wak(?:e|ing)(?: up)?+\b(?! (?:early|in time|on time|for (?:school|work)|before|until|till))",
        r"\b(?:cant|can't|cannot) wake (?:her|him|them|my|mum|dad)\b",
        r"\b(?:unconscious|passed out and)\b|\b(?:is|hes|shes|he's|she's|s) having an? (?:fit|seizure|stroke|heart attack|allergic reaction)\b",
        r"\b(?:friend|mate|bro|brother|sister|mum|dad|nan|she|he|baby|someone|boy|girl) (?:is |s |'s )?(?:drowning|chok(?:ing|in) (?:on|and)|od(?:ing|'ing)|overdosing)\b",
        r"\blips? (?:are |is |r |going |gone |turned )?blue\b|\bepi ?pen\b|\ballergic reaction\b.{0,50}\b(?:face|breath|throat|help|swollen|massive)\b",
        r"\b(?:house|flat|kitchen|room|home) (?:is |s |'s )?on fire\b|\bcarbon monoxide\b.{0,30}\b(?:alarm|beep|going off)\b",
        r"^(?:please |pls |plz |help )*(?:hurry|come quick(?:ly)?)(?: up)?(?: please| pls| plz)?$",
        r"\b(?:bleeding|blood)\b.{0,30}\b(?:wont stop|won't stop|everywhere|so much|a lot|cant stop|can't stop)\b",
    ),
    _rule(
        Sign.EMERGENCY,
        "is meeting someone from online now",
        # An app alone is no meeting: "about to delete my tiktok", "in the car playing roblox".
        rf"\b(?:on my way|about to|im at the|i'm at the|waiting (?:for|at)|in (?:the|his|her) car|sneaking out|leaving now)\b"
        rf".{{0,60}}\b(?:never met|(?:met|meet|meeting)\b.{{0,40}}\b{_ONLINE}|(?:from|off|on)\b.{{0,10}}\b{_ONLINE}\b.{{0,30}}\bmet"
        rf"|(?:guy|boy|girl|man|bloke|lad|someone|person|stranger|friend)\b.{{0,12}}\b(?:from|off)\b.{{0,10}}\b{_ONLINE})\b",
        r"\b(?:met|friend|guy|boy|girl|man|someone|person)\b.{0,30}\b(?:online|insta|instagram|snapchat|roblox|discord"
        r"|yubo|the internet)\b.{0,60}\b(?:on my way|is outside|is here|picking me up now|meeting (?:him|her|them) now"
        r"|leaving now)\b",
    ),
    _rule(
        Sign.CHECK,
        "speaks of wanting to die",
        rf"\b(?:i|im|i'm|ive|want to|wanna|gonna|might|thinking (?:of|about)|feel like)\b.{{0,30}}\b{_SELF_KILL}\b",
        r"\b(?:want|wanna|wish|ready|better off) (?:to |i was |i were |i could )?(?:die|dead|not exist)\b",
        r"\bdon'?t (?:want|wanna) (?:to )?(?:be (?:here|alive)|live|wake up|exist)(?: any ?more)?\b",
        r"\bno (?:point|reason) (?:in |to )?(?:living|live|being here|going on|being alive)\b",
        r"\bsuicidal\b",
        r"\bcan'?t (?:do this any ?more|take (?:it|this) any ?more)\b",
        # Not "can't go on my phone".
        r"\bcan'?t go on(?: any ?more| like this| living| with (?:this|life|my life)|\s*(?:$|[^\w\s]))",
    ),
    _rule(
        Sign.CHECK,
        "asks what is deadly",
        rf"\bhow (?:many|much)\b.{{0,30}}\b{_MEANS}\b.{{0,40}}\b(?:kill|dies?|dead|death|deadly|fatal|lethal|overdose|od|too (?:many|much))\b",
        rf"\bhow (?:many|much)\b.{{0,30}}\b(?:kill|die|overdose|od)\b.{{0,30}}\b{_MEANS}\b",
        rf"\b(?:can|could|do|will|would) (?:you|u|ya|i|someone|anyone) (?:die|overdose|od)\b.{{0,25}}\b{_MEANS}\b",
        r"\b(?:fatal|lethal|deadly) (?:dose|amount|overdose)\b|\bpainless (?:ways?|death|suicide)\b",
        r"\bhow (?:do|does|can|could|would|to) (?:(?:people|you|u|someone|i|we) )?(?:(?:kill|hang|drown|poison) (?:them ?sel(?:f|ves)"
        r"|your ?self|ur ?self|my ?self)|commit suicide)\b",
        r"\b(?:easiest|quickest|quick|fastest|best|(?:least|most) pain(?:ful|less)|painless) ways? to (?:die\b(?! (?:my |your |ur )?hair)|(?:kill (?:my|your|ur) ?self|end it all)\b)",
    ),
    _rule(
        Sign.CHECK,
        "speaks of hurting themselves",
        r"\bself ?-?harm(?:ing|ed)?\b",
        r"\b(?:cut|cutting|hurt|hurting|burn|burning|starv(?:e|ing)|hit|hitting) my ?self\b",
    ),
    _rule(
        Sign.CHECK,
        "may be hurt by someone",
        rf"\b{_PERSON} (?:hits?|beats?|punch(?:es|ed)?|kicks?|touch(?:es|ed)?|slaps?|hurts?|raped) (?:me|us)\b",
        r"\b(?:scared|afraid|frightened) (?:to go home|of (?:my|him|her|dad|mum|going home))\b",
        r"\b(?:raped|molested|sexually (?:abused|assaulted))\b",
    ),
)

_AGAINST = re.compile(
    r"\b(?:essay|homework|gcse|coursework|assignment|for (?:english|history|science|rs|re|drama|class|school|a project)"
    r"|in (?:the|a|this) (?:film|movie|book|game|song|show|series|episode|play)|lyrics?|macbeth|romeo|netflix|fortnite"
    r"|minecraft|gta|cod|call of duty|among us|squid game|roblox story|fanfic|dnd"
    r"|last (?:year|month|summer|term)|years? ago|months? ago|used to|back then|when i was (?:little|younger|\d+)"
    r"|(?:im|i'm|i am) (?:ok|okay|fine|better|safe|not suicidal)(?: now)?"
    r"|never (?:would|going to|gonna|hurt)|not (?:suicidal|going to (?:kill|hurt))|(?:wouldnt|wouldn't|would not) (?:ever )?"
    r"(?:kill|hurt)|lol|lmao|haha+|jk|just kidding|joking|surprise|hide and seek|of embarrassment|last week)\b|[😂🤣]"
)


_NEAR = 80
"""Characters on each side of what a rule found in which :data:`_AGAINST` silences it."""


def apply_rules(text: str) -> Rule | None:
    """The most dangerous rule that a normalised text meets, or None."""
    found: Rule | None = None
    for rule in RULES:
        if (found is None or rule.sign is Sign.EMERGENCY) and _is_met(rule, text):
            if rule.sign is Sign.EMERGENCY:
                return rule
            found = rule
    return found


def _is_met(rule: Rule, text: str) -> bool:
    """Whether it stands in the text in earnest at least once: the "lol" of a long message is about its own sentence."""
    return any(
        not _AGAINST.search(text, max(0, match.start() - _NEAR), match.end() + _NEAR)
        for match in rule.pattern.finditer(text)
    )
