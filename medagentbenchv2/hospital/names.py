# ruff: noqa: E501 (one row a line)
"""Common American names by community, each with the race and ethnicity that the chart states for it.

Sources: the most frequent surnames of the 2010 census and given names of the last century, shortened by hand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Community:
    """People who share a pool of names."""

    share: int
    """Share of the patients, in thousandths."""
    race: tuple[str, str]
    """OMB race code and its display."""
    hispanic: bool
    """Ethnicity."""
    families: tuple[str, ...]
    """Family names."""
    women: tuple[str, ...]
    """Given names of women."""
    men: tuple[str, ...]
    """Given names of men."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WOMEN = _words(
    "Mary Patricia Linda Barbara Elizabeth Jennifer Susan Margaret Dorothy Nancy Karen Betty Helen Sandra Donna Carol "
    "Ruth Sharon Michelle Laura Sarah Kimberly Deborah Jessica Shirley Cynthia Angela Melissa Brenda Amy Anna Rebecca "
    "Virginia Kathleen Pamela Martha Debra Amanda Stephanie Carolyn Christine Marie Janet Catherine Frances Ann Joyce "
    "Diane Alice Julie Heather Teresa Doris Gloria Evelyn Cheryl Mildred Katherine Joan Ashley Judith Rose Janice "
    "Kelly Nicole Judy Christina Kathy Theresa Beverly Denise Tammy Irene Jane Lori Rachel Marilyn Andrea Kathryn"
)
_MEN = _words(
    "James John Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel Paul Mark Donald George "
    "Kenneth Steven Edward Brian Ronald Anthony Kevin Jason Matthew Gary Timothy Larry Jeffrey Frank Scott Eric Stephen "
    "Andrew Raymond Gregory Joshua Jerry Dennis Walter Patrick Peter Harold Douglas Henry Carl Arthur Ryan Roger Joe "
    "Jack Albert Jonathan Justin Terry Gerald Keith Samuel Willie Ralph Lawrence Nicholas Roy Benjamin Bruce Brandon "
    "Adam Harry Fred Wayne Billy Steve Louis Jeremy Aaron Randy Howard Eugene Russell Bobby Victor Martin Ernest"
)


def _asian(share: int, families: str, women: str, men: str) -> Community:
    return Community(share, ("2028-9", "Asian"), False, _words(families), _words(women), _words(men))


COMMUNITIES: tuple[Community, ...] = (
    Community(
        share=560,
        race=("2106-3", "White"),
        hispanic=False,
        families=_words(
            "Smith Miller Anderson Taylor Moore Martin Thompson White Clark Lewis Walker Hall Allen Young King Wright "
            "Hill Scott Adams Baker Nelson Carter Mitchell Roberts Turner Phillips Parker Evans Edwards Collins Stewart "
            "Morris Rogers Reed Cook Morgan Bell Murphy Bailey Cooper Richardson Cox Howard Ward Peterson Gray James "
            "Watson Brooks Kelly Sanders Price Bennett Wood Barnes Ross Henderson Coleman Jenkins Perry Powell Long "
            "Patterson Hughes Myers Sullivan Russell Fisher Cole Hamilton Graham Wallace West Reynolds Ellis Stevens "
            "Gibson Marshall Hunter Schmidt Wagner Hansen Larson Olson Novak Kowalski Rossi Schneider Becker Weber "
            "O'Brien McCarthy Fitzgerald Petrov Hoffman Carlson Keller Lang Barrett Stafford"
        ),
        women=_WOMEN,
        men=_MEN,
    ),
    Community(
        share=140,
        race=("2054-5", "Black or African American"),
        hispanic=False,
        families=_words(
            "Washington Jefferson Booker Banks Jackson Johnson Williams Brown Davis Robinson Harris Jones Thomas "
            "Charles Joseph Pierre Mosley Gaines Rivers Dorsey Hairston Battle Mayo Grant Simmons Franklin Okafor Mensah "
            "Tesfaye Boateng"
        ),
        women=(*_WOMEN[:50:2], "Latoya", "Keisha", "Ebony", "Denise", "Yolanda", "Monique", "Ngozi", "Abena"),
        men=(*_MEN[:50:2], "Darnell", "Reginald", "Terrence", "Marcus", "Andre", "Tyrone", "Kwame", "Chidi"),
    ),
    Community(
        share=170,
        race=("2131-1", "Other Race"),
        hispanic=True,
        families=_words(
            "Garcia Rodriguez Martinez Hernandez Lopez Gonzalez Perez Sanchez Ramirez Torres Flores Rivera Gomez Diaz "
            "Cruz Morales Ortiz Gutierrez Chavez Ramos Ruiz Alvarez Mendoza Vasquez Castillo Jimenez Moreno Romero "
            "Herrera Medina Aguilar Vargas Guzman Mendez Salazar Soto Delgado Pena Rios Alvarado Sandoval"
        ),
        women=_words(
            "Maria Carmen Rosa Guadalupe Juana Ana Teresa Elena Lucia Gabriela Patricia Sofia Veronica Leticia Silvia "
            "Esperanza Alejandra Yolanda Isabel Claudia Daniela Marisol"
        ),
        men=_words(
            "Jose Juan Luis Carlos Jesus Francisco Jorge Miguel Manuel Pedro Antonio Roberto Ricardo Alejandro Rafael "
            "Fernando Javier Eduardo Sergio Raul Hector Arturo"
        ),
    ),
    _asian(
        22,
        "Nguyen Tran Pham Le Hoang Vo Dang",
        "Linh Mai Thuy Hanh Lan Kim Jenny Susan",
        "Minh Tuan Hung Duc Long David Andrew Kevin",
    ),
    _asian(
        32,
        "Wang Li Zhang Chen Liu Yang Huang Wong Chan Lam Wu",
        "Mei Li-hua Xiu Ying Grace Helen Amy Christine",
        "Wei Jian Ming Hao Peter Henry David Raymond",
    ),
    _asian(
        14,
        "Kim Park Choi Lee Kang",
        "Min-ji Soo-jin Eun-ji Hye-jin Grace Esther",
        "Sung-ho Jin-woo Min-jun Daniel Paul Joseph",
    ),
    _asian(
        22,
        "Patel Singh Shah Sharma Gupta Reddy Khan",
        "Priya Anjali Sunita Lakshmi Meera Kavita",
        "Raj Amit Sanjay Vikram Anil Suresh",
    ),
    _asian(8, "Tanaka Sato Yamamoto Nakamura", "Yuki Keiko Emi Naomi Akiko", "Kenji Hiroshi Ken Takeshi Daniel"),
    _asian(
        12,
        "Santos Reyes Bautista Aquino Ocampo",
        "Maricel Cristina Rosario Grace Jocelyn",
        "Rommel Jun Ramon Michael Jose",
    ),
    Community(
        share=20,
        race=("1002-5", "American Indian or Alaska Native"),
        hispanic=False,
        families=("Begay", "Yazzie", "Benally", "Tsosie", "Locklear", "Nez", "Whitehorse", "Cloud"),
        women=_WOMEN[:40:3],
        men=_MEN[:40:3],
    ),
)

PLACES: tuple[tuple[str, str, str], ...] = (
    ("Fairview", "CA", "94301"), ("Millbrook", "CA", "94040"), ("Cedar Falls", "CA", "95014"),
    ("Oakhurst", "CA", "94587"), ("Lakeside", "CA", "94063"), ("Santa Rita", "CA", "95110"),
    ("Bayview", "CA", "94124"), ("Redmont", "CA", "94070"), ("Port Alder", "CA", "94401"),
    ("Pine Grove", "NV", "89501"), ("Ashford", "OR", "97520"), ("San Lucas", "CA", "93954"),
)  # fmt: skip
"""City, state and postal code of addresses; the cities do not exist."""

STREETS: tuple[str, ...] = _words(
    "Maple Oak Cedar Elm Pine Washington Lincoln Walnut Chestnut Sunset Highland Church Spring Park Mill Franklin "
    "Orchard Willow Meadow Ridge Jackson Cherry Dogwood Hickory"
)
"""Street names without Street, Avenue and so on."""

STREET_KINDS: tuple[str, ...] = ("Street", "Avenue", "Drive", "Lane", "Road", "Court", "Way")
"""What follows the street's name."""

AREA_CODES: tuple[str, ...] = ("408", "415", "510", "628", "650", "669", "707", "831", "925")
"""Telephone area codes; the exchange is 555, which belongs to nobody."""
