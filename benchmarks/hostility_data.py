"""What the hostility model learns from and is tried on: labelled sentences, neutral science, templates of our own."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import CORPORA
from colophon.filters.bias.identity import AXES, terms

__all__ = [
    "FILLERS",
    "GROUPS",
    "Sentence",
    "from_templates",
    "labelled",
    "listed_names",
    "plain_filled",
    "pubmedqa",
    "science",
    "template_rows",
]


@dataclass(frozen=True)
class Sentence:
    """One text with its label.

    Attributes:
        text: The text.
        hostile: Whether it is hostile to a group that it names.
        source: Where it is from.
        kind: Label of the source, or family of the template.
        part: ``train``, ``dev`` (calibration and choices), ``test``, or ``final`` (of templates: never trained on).
        group: The group that a template was filled with.
    """

    text: str
    hostile: bool
    source: str
    kind: str
    part: str
    group: str = ""


GROUPS = {
    "women": "woman", "men": "man", "Muslims": "Muslim", "Jews": "Jew", "immigrants": "immigrant",
    "refugees": "refugee", "black people": "black person", "white people": "white person",
    "Asian people": "Asian person", "gay people": "gay man", "lesbians": "lesbian",
    "trans people": "trans woman", "disabled people": "disabled person", "blind people": "blind man",
    "autistic people": "autistic person", "old people": "old man", "poor people": "poor person",
    "Mexicans": "Mexican man", "Indian people": "Indian woman", "homeless people": "homeless person",
    "atheists": "atheist", "Christians": "Christian woman", "foreigners": "foreigner", "girls": "girl",
}  # fmt: skip
"""Plural and singular of the groups that templates are filled with; to the model all are one."""

FILLERS = {
    "DESPISE": "hate,despise,detest,loathe,abhor,resent,can't stand",
    "DESPISES": "hates,despises,detests,loathes",
    "NEG": "disgusting,stupid,dumb,ugly,dirty,filthy,evil,worthless,lazy,useless,pathetic,violent,greedy,vile,"
    "revolting,weak,incompetent,primitive,backward,immoral,unnatural,dishonest,dangerous,horrible,awful,sick,"
    "nasty,rotten,ignorant,shameless,insane,crazy,cruel,repulsive,perverted,smelly,stinking,unclean,ungrateful",
    "INSULT": "idiot,moron,fool,loser,coward,freak,pervert,criminal,thief,liar,bitch,whore,bastard,parasite,scumbag",
    "INSULTS": "idiots,morons,fools,losers,cowards,freaks,perverts,criminals,thieves,liars,terrorists,rapists,"
    "murderers,bitches,whores,bastards,scumbags,degenerates,traitors,invaders,scroungers,cheats,monsters,thugs",
    "BEAST": "rat,pig,dog,cockroach,parasite,beast,animal,monkey,worm,snake,disease,piece of trash",
    "BEASTS": "rats,pigs,dogs,cockroaches,parasites,beasts,animals,monkeys,worms,vermin,scum,filth,trash,savages,"
    "insects,apes,leeches,maggots,subhumans,garbage",
    "PLAGUE": "plague,cancer,disease,virus,infestation,tumour,stain,curse,disgrace",
    "KILL": "kill,murder,shoot,hang,burn,exterminate,gas,lynch,slaughter,execute,drown,stab,eliminate,wipe out",
    "KILLED": "killed,murdered,shot,hanged,burned,exterminated,gassed,lynched,slaughtered,executed,drowned,stabbed,"
    "wiped out,eradicated,put down",
    "HARM": "beat,hit,punch,kick,attack,rape,hurt,torture,whip,punish,crush,beat up",
    "HARMED": "beaten,hit,punched,kicked,attacked,raped,hurt,tortured,whipped,punished,crushed,abused",
    "EXPEL": "deport,expel,ban,banish,remove,evict,lock up,sterilise,kick out,throw out,imprison,segregate",
    "EXPELLED": "deported,expelled,banned,banished,removed,locked up,sterilised,kicked out,thrown out,imprisoned,"
    "segregated,silenced",
    "GOOD": "great,wonderful,kind,clever,smart,intelligent,brilliant,beautiful,fantastic,talented,hardworking,honest,"
    "brave,strong,gentle,generous,friendly,nice,lovely,good,decent,amazing,funny,creative,special,valuable",
    "ADMIRE": "love,like,admire,respect,support,adore,appreciate,trust,welcome,value,enjoy being with,care about",
    "PERSON": "doctor,teacher,neighbour,friend,colleague,boss,nurse,baker,lawyer,trainer,landlord,dentist",
    "PERSONS": "doctors,teachers,nurses,engineers,bakers,lawyers,drivers,farmers,painters,students,cooks,builders",
    "A-": "disgusting,stupid,dumb,ugly,dirty,filthy,evil,worthless,lazy,useless,pathetic,violent,greedy,vile,revolting,"
    "weak,incompetent,primitive,backward,immoral,unnatural,dishonest,dangerous,horrible,awful,sick,nasty,rotten,"
    "ignorant,shameless,insane,cruel,repulsive,perverted,smelly,inferior,hysterical,brainless,untrustworthy,abnormal,"
    "terrible,criminal,corrupt,sneaky,selfish,parasitic,subhuman,wicked,contemptible,barbaric,shameful,vulgar",
    "A+": "great,wonderful,kind,clever,smart,intelligent,brilliant,beautiful,fantastic,talented,hardworking,honest,brave,"
    "strong,gentle,generous,friendly,nice,lovely,good,decent,amazing,funny,creative,special,valuable,loyal,wise,polite,"
    "charming,peaceful,successful,inspiring,incredible,awesome,gorgeous,welcome,warm,reliable,cheerful,fun,perfect",
    "N-": "idiots,morons,fools,losers,cowards,freaks,perverts,criminals,thieves,liars,terrorists,rapists,murderers,"
    "bitches,bastards,scumbags,degenerates,traitors,invaders,scroungers,cheats,monsters,thugs,rats,pigs,dogs,"
    "cockroaches,parasites,beasts,animals,vermin,scum,filth,trash,savages,insects,apes,leeches,maggots,garbage",
    "N+": "heroes,friends,good people,human beings,wonderful neighbours,geniuses,brothers and sisters,angels,role models,"
    "my favourite people,an inspiration,great cooks,good parents,leaders,pioneers,a blessing,equals,the best",
    "V-": "hate,despise,detest,loathe,abhor,resent,can't stand,distrust,look down on,fear and hate,spit on,dislike",
    "V+": "love,like,admire,respect,support,adore,appreciate,trust,value,enjoy being with,care about,am proud of,look up to",
    "D-": "kill,murder,shoot,hang,burn,exterminate,gas,lynch,slaughter,execute,drown,stab,eliminate,wipe out,beat,punch,"
    "kick,attack,rape,hurt,torture,whip,crush,beat up,deport,expel,ban,banish,lock up,sterilise,kick out,throw out,"
    "imprison,segregate,get rid of,send back,shut up,bomb,cut up,poison,bully,silence,humiliate",
    "D+": "help,support,protect,welcome,defend,celebrate,thank,hire,invite,hug,listen to,stand with,include,educate,"
    "encourage,honour,feed,look after,befriend,empower,pay,promote,marry,believe,learn from,accept",
    "P-": "killed,murdered,shot,hanged,burned,exterminated,gassed,lynched,slaughtered,executed,drowned,stabbed,wiped out,"
    "eradicated,beaten,kicked,attacked,raped,hurt,tortured,whipped,crushed,abused,deported,expelled,banned,locked up,"
    "sterilised,kicked out,imprisoned,segregated,silenced,sent back,put down,bombed,shut up,punished,humiliated,sold",
    "P+": "helped,supported,protected,welcomed,defended,celebrated,thanked,hired,invited,heard,included,respected,"
    "encouraged,honoured,looked after,treated fairly,paid well,promoted,believed,accepted,loved,free,safe,elected",
    "F": "at home,in the garden,on the train,at work,at the meeting,on holiday,in town,married,at school,busy,tall,tired,"
    "in the kitchen,late,on the list,retired,at the hospital,in the picture,from the north,ready,online,asleep,outside",
    "E": "meet,see,call,visit,interview,ask,know,follow,count,photograph,write to,talk to,hear,teach,work with,phone,"
    "remember,draw,study,film,wait for,sit with,play with,notice,recognise",
    "THING": "phone,car,chair,sandwich,film,train,song,game,jacket,printer,coffee,book",
    "NEG3": "vile,rude,treacherous,spiteful,grubby,brutish,two-faced,good-for-nothing,foul,savage,disgraceful,moronic",
    "BEAST3": "jackal,maggot,hyena,louse,swine,slug",
    "BEASTS3": "jackals,hyenas,lice,swine,slugs,fleas,mongrels,brutes",
    "INSULT3": "crook,imbecile,swindler,creep,halfwit,failure",
    "INSULTS3": "crooks,imbeciles,swindlers,creeps,halfwits,failures,tramps,predators",
    "HARMED3": "smacked,strangled,thrashed,spat on,knocked out,broken",
    "KILLED3": "strangled,beheaded,massacred,butchered,burnt alive,dead",
    "DESPISED": "hated,despised,detested,loathed",
    "DISEASE": "diabetes,asthma,depression,breast cancer,stroke,hypertension,HIV infection,dementia,obesity,malaria",
}  # fmt: skip
_OPENINGS = (
    "", "", "", "", "I think ", "Honestly, ", "If you ask me, ", "To be fair, ", "Let me say this: ",
    "My opinion: ", "I believe that ", "It is a fact that ", "Everyone knows that ", "In the end ", "lol ",
)  # fmt: skip
_ENDINGS = ("", "", "", "", "", " That is all.", " And I mean it.", " Just saying.", "!", " lol", " Period.")
_PART_OF_FAMILY = {"2": "test", "3": "final"}
_SLOT = re.compile(r"\{(\w+)\}")


def _part(key: str, test: float = 0.2, dev: float = 0.1) -> str:
    """A part that depends on the key alone."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    return "test" if place < test else "dev" if place < test + dev else "train"


def labelled() -> list[Sentence]:
    """The labelled sets, each with its own split; dev where there is none by a hash of the text."""
    found = []
    for name in ("davidson", "edos", "toxigen_demonstrations"):
        lines = (CORPORA / "bias_train" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
        for line in lines:
            part, label, text = line.split("\t", 2)
            if name == "toxigen_demonstrations":
                part = _part(text)
            elif name == "davidson" and part == "train":
                part = "dev" if _part(text, 0, 0.1) == "dev" else "train"
            found.append(Sentence(text, label in {"hate", "sexist"}, name, label, part))
    return found


def science() -> list[Sentence]:
    """Sections of papers (CC BY and CC0), split by article; all neutral."""
    found = []
    for line in (CORPORA / "dedup" / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        section = json.loads(line)
        article = re.sub(r"-s\d+$", "", section["id"])
        found.append(
            Sentence(section["text"], hostile=False, source="science", kind="science", part=_part(article))
        )
    return found


def pubmedqa() -> list[str]:
    """Abstracts, kept for the test."""
    asked = json.loads((CORPORA / "bench" / "pubmedqa_ori_pqal.json").read_text(encoding="utf-8"))
    return [" ".join(one["CONTEXTS"]) + " " + one["LONG_ANSWER"] for one in asked.values()]


def _rows(name: str) -> list[dict[str, str]]:
    path = Path(__file__).with_name(name)
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def template_rows() -> list[dict[str, str]]:
    """The templates without frames: ``family``, ``label``, ``template``."""
    return _rows("hostility_templates.tsv")


def listed_names() -> list[tuple[str, str, str]]:
    """Axis, group and a name of it in the plural as a sentence takes it, for every term of the list; no pronouns."""
    pronouns = {"he", "him", "his", "himself", "she", "her", "hers", "herself"}
    found = []
    for term in terms():
        if term.axis not in AXES or term.term in pronouns:
            continue
        name = term.term
        if term.needs_person_noun != "no":
            trails = name.startswith(("with ", "living "))
            name = f"people {name}" if trails else f"{name} people"
        found.append((term.axis, term.group, name))
    return found


def plain_filled(template: str, name: str) -> str:
    """A template with a group's name, and the first word of its list in every other slot."""
    others = {"YEAR": "1950", "X": "12", "N2": "40"}
    return _SLOT.sub(
        lambda slot: (
            name if slot[1] in {"G", "g", "G2"} else others.get(slot[1]) or FILLERS[slot[1]].split(",")[0]
        ),
        template,
    )


def _filled(template: str, rng: random.Random, mood: str) -> tuple[str, str]:
    """A template with words in its slots, and its group; slots of one letter take words of one mood, ``+`` or ``-``."""
    group, other = rng.sample(list(GROUPS), 2)
    numbers = {"N2": (3, 900), "X": (1, 40), "YEAR": (1900, 2020)}

    def fill(slot: re.Match[str]) -> str:
        name = slot[1]
        if name in {"G", "g", "G2"}:
            return {"G": group, "g": GROUPS[group], "G2": other}[name]
        if name in numbers:
            return str(rng.randint(*numbers[name]))
        return rng.choice(FILLERS.get(f"{name}{mood}", FILLERS.get(name, "")).split(","))

    return _SLOT.sub(fill, template), group


def _dressed(text: str, family: str, rng: random.Random) -> str:
    """With an opening and an end, in small letters at times."""
    opening, ending = rng.choice(_OPENINGS), rng.choice(_ENDINGS)
    if family.startswith(("ask", "threat", "exclude", "act", "quote")) or text[0] == '"' or text[-1] == "?":
        opening = ""
    if family.startswith("science"):
        opening = ending = ""
    text = opening + (text[0].lower() + text[1:] if opening and not text.startswith("I") else text) + ending
    text = text[0].upper() + text[1:]
    return text.lower() if rng.random() < 0.3 else text


def from_templates(times: int, seed: int) -> list[Sentence]:
    """Each template filled several times; families whose name ends in 2 are the test's, in 3 the final test's, and no other has theirs.

    A frame takes words of either mood: ``keep`` makes it hostile with bad ones, ``turn`` with good ones (*are not
    kind*), ``other`` with neither.
    """
    rng = random.Random(seed)
    found = []
    moods = {
        "keep": {"-": True, "+": False},
        "turn": {"-": False, "+": True},
        "other": {"-": False, "+": False},
    }
    rows = [
        (row["family"], row["template"], {"": row["label"] == "hostile"})
        for row in _rows("hostility_templates.tsv")
    ]
    rows += [(row["family"], row["frame"], moods[row["turns"]]) for row in _rows("hostility_frames.tsv")]
    for family, template, labels in rows:
        part = _PART_OF_FAMILY.get(family[-1], "train")
        for mood, hostile in labels.items():
            for _ in range(times):
                text, group = _filled(template, rng, mood)
                kind = family + mood
                found.append(Sentence(_dressed(text, family, rng), hostile, "templates", kind, part, group))
    return found
