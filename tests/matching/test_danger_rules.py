"""Each readable rule: what it must catch, and what sounds like it and is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.guidance.model import Sign
from safetybot.matching.danger_rules import RULES, apply_rules
from safetybot.matching.text import normalise

CAUGHT = {
    "has taken something dangerous": [
        "i took a load of my mums tablets",
        "ive swallowed loads of paracetamol",
        "she has taken an overdose",
        "my friend just took all her antidepressants",
        "i overdosed",
        "took the whole box of ibuprofen",
        "took loads of them and now i feel weird",
        "he drank bleach",
        "they necked some pills at the party and now theyre asleep",
    ],
    "means to end their life now": [
        "goodbye, when you read this i will be gone",
        "by the time u read this ill be dead",
        "im going to kill myself tonight",
        "tonight im gonna end it all",
        "i am about to jump",
        "about to jump in the canal",
        "im on the bridge and i want to die",
        "i want to end it im on the roof",
        "the pills are in front of me",
        "im gonna hang myself right now",
        "rope is ready",
        "unalive myself tonight",
        "im on the train tracks goodbye",
    ],
    "someone has a weapon": [
        "he has a knife",
        "my dad's got a hammer",
        "some lads with a machete",
        "the man is holding a gun",
        "my ex is carrying acid",
        "mums boyfriend has got an axe",
        "theyre waiting outside school with knives",
    ],
    "someone is here, or breaking in": [
        "someone is breaking into my house",
        "hes kicking the door down",
        "they are trying to get in my room",
        "he is outside my house",
        "my ex is at my door",
        "im hiding in the wardrobe and he is shouting",
        "hes following me home",
        "i am being followed by a car",
        "a man is standing outside my window",
    ],
    "cannot get away": [
        "he wont let me leave",
        "they will not let us go home",
        "im locked in the bathroom and cant get out",
        "he locked me in",
        "they are keeping me locked up in a flat",
        "he is holding me hostage",
        "she took my phone and i cant leave",
        "he is not letting me out",
    ],
    "someone is being hurt now": [
        "my dad is beating my mum right now",
        "help my stepdad is choking her",
        "ive been stabbed",
        "hes hitting me please help",
        "he's gonna kill me hes at the door",
        "my brother got shot",
        "shes punching me make it stop",
    ],
    "a life may be at risk": [
        "she isnt breathing",
        "he stopped breathing",
        "my mum wont wake up",
        "i cant wake him",
        "she is unconscious",
        "hes passed out and his lips are blue",
        "the bleeding wont stop",
        "theres blood everywhere",
        "my mate is having a seizure",
        "the baby is not breathing and going blue",
    ],
    "is meeting someone from online now": [
        "im on my way to meet a guy from insta",
        "waiting for this man i met on snapchat",
        "in his car, met him on yubo",
        "im leaving now to meet my online friend",
        "sneaking out to see a boy off discord",
        "the boy i met online is outside",
    ],
    "speaks of wanting to die": [
        "i want to die",
        "sometimes i think about killing myself",
        "i wish i was dead",
        "i dont want to be here anymore",
        "theres no point living",
        "im suicidal",
        "i cant go on",
        "i can't take it any more",
        "i might kill myself",
    ],
    "asks what is deadly": [
        "how many paracetamol can kill you",
        "how much of my meds is a fatal overdose",
        "how many do you need to die, pills i mean",
        "how many ibuprofen is too many",
        "can you die from sleeping pills",
        "whats a lethal dose",
        "painless ways to go",
        "how do people kill themselves",
        "how to hang yourself",
        "how do u commit suicide",
        "whats the easiest way to die",
    ],
    "speaks of hurting themselves": [
        "i self harm",
        "i keep cutting myself",
        "ive been self-harming",
        "i hurt myself when im sad",
        "burning myself",
    ],
    "may be hurt by someone": [
        "my dad hits me",
        "he touched me",
        "my uncle touches me at night",
        "im scared to go home",
        "i was raped",
        "she slaps us",
        "i was sexually assaulted",
        "my bf kicks me",
        "afraid of my dad",
    ],
}

NOT_CAUGHT = [
    # the words of a rule, without its danger
    "i took my hayfever tablets",
    "overdosed on haribo",
    "she took a photo of me",
    "how do i kill time",
    "my phone is going to die tonight",
    "im about to jump in the shower",
    "waiting on the platform for my train",
    "he has a nice car",
    "the chef has a knife set",
    "my mum is outside to pick me up",
    "i follow him on insta",
    "he follows me on tiktok",
    "they wont let me have a phone",
    "im locked out of my account",
    "someone is breaking into my account",
    "he is beating me at chess",
    "she wont wake up early",
    "my laptop wont wake up",
    "im on my way to school",
    "i met my friend at the park",
    "im about to delete my tiktok",
    "waiting for him to reply on snap",
    "in the car playing roblox",
    "i want to dye my hair",
    "how many paracetamol do i take for a headache",
    "how many pills does nan have to take every day",
    "how do you kill the dragon",
    "how do people hang themselves out like that in gta",
    "easiest way to die in minecraft",
    "whats the easiest way to kill weeds",
    "whats the best way to die my hair pink",
    "i cut my finger cooking",
    "he hits like a truck",
    "he touched my heart",
    "im scared of spiders",
    "i cant go on the trip",
    "mum says i cant go on my phone",
    # schoolwork, films, games, jokes, long ago: the rules are silent, what was learnt is not
    "in the film he has a gun",
    "my essay is about wanting to die",
    "for english i have to write why he has a knife",
    "last year i used to self harm",
    "jk i want to die",
    "this homework makes me want to die lol",
    "playing hide and seek im hiding in the cupboard and he is looking",
    "got shot in fortnite",
    "he is outside my house in minecraft",
    "i want to die of embarrassment",
    "im fine but i was thinking about killing myself months ago",
    "",
]


def test_the_table_has_every_rule() -> None:
    assert set(CAUGHT) == {rule.reason for rule in RULES}


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in CAUGHT.items() for text in texts])
def test_caught(reason: str, text: str) -> None:
    rule = apply_rules(text)
    assert rule is not None
    assert rule.reason == reason


@pytest.mark.parametrize("text", NOT_CAUGHT)
def test_not_caught(text: str) -> None:
    rule = apply_rules(text)
    assert rule is None, rule


@pytest.mark.parametrize(
    "text",
    [
        "I’m going to KILL MYSELF tonight",
        "HE HAS A KNIFE!!!",
        "im going to kill my self  to-night\nnow",
        "she wont   wake up",
    ],
)
def test_caught_however_it_is_typed(text: str) -> None:
    rule = apply_rules(normalise(text))
    assert rule is not None
    assert rule.sign is Sign.EMERGENCY


def test_a_joke_silences_its_own_sentence_and_not_a_long_message() -> None:
    before = "so we did our homework for english and it was funny lol. "
    between = "then i went home and had tea and my brother was there, and we watched something for an hour or so. "
    assert apply_rules(before + "i want to die") is None
    rule = apply_rules(before + between + "i want to die")
    assert rule is not None
    assert rule.sign is Sign.CHECK
    assert apply_rules("i want to die. " + between + before) is not None
    assert apply_rules("jk i want to die. " + between + "no really i want to die") is not None


def test_the_gravest_rule_wins_wherever_it_stands() -> None:
    both = "i want to die and he has a knife"
    rule = apply_rules(both)
    assert rule is not None
    assert (rule.sign, rule.reason) == (Sign.EMERGENCY, "someone has a weapon")
    assert apply_rules("i want to die").sign is Sign.CHECK  # type: ignore[union-attr]


@given(
    st.sampled_from([text for texts in CAUGHT.values() for text in texts]),
    st.sampled_from(["hi. ", "please help. ", "😭 "]),
)
def test_words_before_do_not_hide_it(text: str, before: str) -> None:
    alone, with_more = apply_rules(text), apply_rules(before + text)
    assert alone is not None
    assert with_more is not None
    assert with_more.sign is Sign.EMERGENCY or alone.sign is Sign.CHECK


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    rule = apply_rules(normalise(text))
    assert rule is None or rule in RULES


def test_a_long_text_is_judged_at_once() -> None:
    """No pattern may take time that grows faster than the text; a timeout of seconds would be a hang for all."""
    for words in ("i took ", "he is the man ", "help now he is ", "on my way with the ", "not breathing a "):
        apply_rules((words * 4_000)[:4_000])
