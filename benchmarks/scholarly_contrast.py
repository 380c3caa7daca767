"""Invented paragraphs on the same subjects in two manners: as a paper writes of them, and as a shop or a forum does.

The real papers at hand are mostly on plants, cells and food, and the real web pages on people, places, prices and
machines. A model that has seen only those takes the subject for the manner and finds a survey of tenants unlike a paper.
Here every subject stands in both manners, so that what is left to learn is the manner. All sentences were written
for this purpose.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["contrast"]

SUBJECTS = (
    *(
        "school meals",
        "rural schools",
        "reading in primary school",
        "university admission",
        "teacher training",
    ),
    *(
        "rent control",
        "property tax",
        "the minimum wage",
        "consumer prices",
        "household income",
        "public debt",
    ),
    *(
        "local government",
        "voting in city elections",
        "party membership",
        "freedom of the press",
        "migration policy",
    ),
    *("hospital waiting times", "the cost of medicines", "general practice", "nursing homes", "dental care"),
    *(
        "breast cancer screening",
        "smoking among teenagers",
        "concussion in sport",
        "back pain",
        "sleep in shift workers",
    ),
    *(
        "family violence",
        "care of elderly parents",
        "single mothers",
        "youth clubs",
        "adoption",
        "friendship at work",
    ),
    *(
        "internet use",
        "social media",
        "mobile phones",
        "online dating",
        "search engines",
        "video games",
        "password habits",
    ),
    *("image recognition", "machine translation", "network security", "software testing", "database queries"),
    *("robot grippers", "web browsers", "open source licences", "speech recognition", "graph algorithms"),
    *(
        "medieval charters",
        "Victorian novels",
        "folk songs",
        "church architecture",
        "film music",
        "stage comedy",
    ),
    *(
        "travel writing",
        "museum visitors",
        "temple gardens",
        "old maps",
        "bronze coins",
        "newspaper archives",
    ),
    *("contract law", "patent disputes", "data protection", "prison sentences", "bankruptcy", "trade unions"),
    *("city traffic", "bicycle lanes", "electric cars", "airport noise", "train delays", "road safety"),
    *(
        "solar panels",
        "house insulation",
        "drinking water",
        "plastic waste",
        "river floods",
        "heat waves",
        "wind farms",
    ),
    *("coffee", "red wine", "vegan diets", "bread baking", "green tea", "wheat protein", "vitamin tablets"),
    *(
        "garden birds",
        "dog training",
        "honey bees",
        "horse riding",
        "cat behaviour",
        "salmon fishing",
        "house plants",
    ),
    *(
        "gravity",
        "black holes",
        "battery chemistry",
        "glass fibres",
        "telescopes",
        "earthquakes",
        "prime numbers",
    ),
    *(
        "football injuries",
        "marathon running",
        "yoga classes",
        "tourism on islands",
        "hotel staff",
        "fashion shops",
    ),
    *(
        "small businesses",
        "stock markets",
        "cash payments",
        "customer service",
        "advertising",
        "house prices",
    ),
    *("knitting", "wedding customs", "gift giving", "tattoos", "funerals", "local radio", "community choirs"),
)

PEOPLE = (
    *("residents", "students", "patients", "families", "shop owners", "volunteers", "teachers", "employees"),
    *("readers", "visitors", "parents", "drivers", "nurses", "young people", "farmers", "members", "users"),
)

PAPER = (
    "This study examines {a} and its relation to {b}.",
    "The aim of this paper is to describe how {a} has changed since the introduction of {b}.",
    "We interviewed {n} {p} about {a}; each interview lasted between {n} and {n} minutes and was transcribed verbatim.",
    "A questionnaire on {a} was completed by {n} {p}, a response rate of {n}%.",
    "Previous work on {a} has focused on {b}, whereas little is known about {c}.",
    "Three themes emerged from the analysis: {a}, {b} and {c}.",
    "After adjustment for age and income, {a} remained associated with {b} (P = 0.0{n}).",
    "It is argued here that {a} cannot be understood without reference to {b}.",
    "Participants were recruited through {a} and gave written consent.",
    "In a cross-sectional survey, {p} reported on {a}, {b} and {c}.",
    "These findings suggest that {a} may be less important than has been assumed.",
    "One limitation is that {a} was measured only once, so that no causal claim can be made about {b}.",
    "We propose a method for {a} that requires no prior knowledge of {b}.",
    "Our approach outperforms existing models of {a} on two of three data sets.",
    "Experiments show that performance degrades when {a} is omitted.",
    "Let us assume that {a} depends only on {b}; the result then follows by induction.",
    "The sources for {a} in this period are scarce, and most were written by {p} with an interest of their own.",
    "This reading of {a} draws on letters, inventories and court records, which have received little attention.",
    "The concept of {a} is contested: some authors define it in terms of {b}, others in terms of {c}.",
    "Data on {a} were obtained from the national register and linked to records of {b}.",
    "Differences between groups of {p} were tested with analysis of variance.",
    "There was no significant difference in {a} between {p} and controls.",
    "The authors conclude that further research on {a} is needed.",
    "A {n}-year-old woman presented with pain that had begun two days after {a}.",
    "The price elasticity of {a} was estimated from a panel of {n} districts.",
    "As one of the {p} put it, \u201cnobody ever asked us about {a}\u201d.",
    "Taken together, the results support the hypothesis that {a} mediates the effect of {b} on {c}.",
    "Methods. {P} kept a diary on {a} for {n} weeks.",
    "Results. Of {n} {p}, {n} mentioned {a} and {n} mentioned {b}.",
    "Conclusions. Policies on {a} should take {b} into account.",
    "Following earlier studies, we define {a} as the ratio of {b} to {c}.",
    "The remainder of this article is organised as follows.",
    "Such an account of {a}, however, presupposes what it sets out to explain.",
    "The model was fitted separately for {a} and for {b}, and residuals were inspected.",
    "{P} described {a} as a source of stress, although this varied with {b}.",
    "The patient was a {n}-year-old teacher with no previous history of {a}, who was admitted for observation.",
    "Physical examination and laboratory tests were normal, and treatment with {a} was stopped on day {n}.",
    "The symptoms resolved within {n} days, and at follow-up no recurrence was seen.",
    "Respondents spoke of {a} at home, of money, and of the help that {p} gave each other.",
    "The court held that {a} falls outside the scope of the statute, and that {b} is a question of fact.",
    "Whether {a} should give rise to liability has long been debated; it is submitted that it should not.",
    "In the second half of the century {a} passed from {p} to the state, a process that has been described elsewhere.",
    "The letters of {p} reveal that {a} was seen at the time as a matter of honour.",
    "To be sure, not all {p} regarded {a} in this light, and the evidence must be read with caution.",
    "To assess whether {a} is acceptable to {p}, we conducted two focus groups.",
)

WEB = (
    "Looking for the best deals on {a}? You have come to the right place!",
    "Click here to read more about {a} and {b}.",
    "Sign up for our newsletter and get {n}% off {a} today.",
    "Posted by admin in {a} | {n} comments | Leave a reply",
    "I just love {a}, and I can't wait to tell you guys about {b}!",
    "Our friendly team has over {n} years of experience with {a}.",
    "Scientists say they have finally found out the truth about {a}, and it will surprise you.",
    "Home | About us | {A} | {B} | Contact | Site map",
    "We use cookies to show you offers on {a}. Accept all cookies to continue.",
    "Add to cart. Free shipping on all orders of {a} over ${n}.",
    "Here are {n} amazing tips about {a} that every one of our {p} should know.",
    "Did you know that a new study on {a} could change your life? Share this post with your friends.",
    "Thanks for the great post about {a}, keep up the good work!",
    "Please log in or register to comment on {a}.",
    "This listing for {a} has expired, but you can still search for {b}.",
    "Whether you are into {a} or {b}, we have got something for everyone.",
    "The mayor said on Tuesday that {a} would be back next year.",
    "Call us now for a free quote on {a}; don't miss out!",
    "So I went down there last weekend with my sister, and wow, {a} was so much fun.",
    "Tickets for the {a} night are on sale now at the front desk.",
    "Related articles: {A}, {B}, {C}.",
    "Check out our video on {a} and don't forget to subscribe.",
    "All you need to know about {a}, from the people who know it best.",
    "My favourite thing about {a} is that it's really easy to get started.",
    "Previous post: {A}. Next post: {B}. Back to top.",
    "Buy {a} online at low prices; buy {b}, buy {c}, cheap {a} for sale.",
    "If you have any questions about {a}, feel free to drop me an email.",
    "The company announced a new line of products for {a} this week.",
    "You won't believe what these {p} did about {a}.",
    "Rated {n} stars by our {p}: great service and lovely staff!",
    "Join the discussion on {a} in our forum, it's free and takes just a minute.",
    "Opening hours for {a}: Monday to Friday, nine to five, closed on Sunday.",
    "Welcome back, everybody! Today we're talking about {a}.",
    "Get the look: {a} for him and for her, new in this season.",
    "Your order of {a} will be with you within {n} days, or your money back.",
    "Learn how {a} works and why top experts love it.",
)


def _sentence(frame: str, subjects: list[str], rng: random.Random) -> str:
    while "{n}" in frame:
        frame = frame.replace("{n}", str(rng.randint(2, 95)), 1)
    people = rng.choice(PEOPLE)
    a, b, c = rng.sample(subjects, 3)
    return frame.format(
        a=a, b=b, c=c, A=a.capitalize(), B=b.capitalize(), C=c.capitalize(), p=people, P=people.capitalize()
    )


def contrast(n: int, seed: int) -> Iterator[tuple[bool, str]]:
    """Pairs of whether a paragraph is in a paper's manner, and the paragraph; n of each, by turns."""
    rng = random.Random(seed)
    for _ in range(n):
        subjects = rng.sample(SUBJECTS, 5)
        for scholarly, frames in ((True, PAPER), (False, WEB)):
            chosen = rng.sample(frames, rng.randint(3, 9))
            yield scholarly, " ".join(_sentence(frame, subjects, rng) for frame in chosen)
