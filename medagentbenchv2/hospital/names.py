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


_WOMEN = tuple(
    "Mary Patricia Linda Barbara Elizabeth Jennifer Susan Margaret Dorothy Nancy Karen Betty Helen Sandra Donna Carol "
    "Ruth Sharon Michelle Laura Sarah Kimberly Deborah Jessica Shirley Cynthia Angela Melissa Brenda Amy Anna Rebecca "
    "Virginia Kathleen Pamela Martha Debra Amanda Stephanie Carolyn Christine Marie Janet Catherine Frances Ann Joyce "
    "Diane Alice Julie Heather Teresa Doris Gloria Evelyn Cheryl Mildred Katherine Joan Ashley Judith Rose Janice "
    "Kelly Nicole Judy Christina Kathy Theresa Beverly Denise Tammy Irene Jane Lori Rachel Marilyn Andrea Kathryn".split()
)
_MEN = tuple(
    "James John Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel Paul Mark Donald George "
    "Kenneth Steven Edward Brian Ronald Anthony Kevin Jason Matthew Gary Timothy Larry Jeffrey Frank Scott Eric Stephen "
    "Andrew Raymond Gregory Joshua Jerry Dennis Walter Patrick Peter Harold Douglas Henry Carl Arthur Ryan Roger Joe "
    "Jack Albert Jonathan Justin Terry Gerald Keith Samuel Willie Ralph Lawrence Nicholas Roy Benjamin Bruce Brandon "
    "Adam Harry Fred Wayne Billy Steve Louis Jeremy Aaron Randy Howard Eugene Russell Bobby Victor Martin Ernest".split()
)

COMMUNITIES: tuple[Community, ...] = (
    Community(
        share=560,
        race=("2106-3", "White"),
        hispanic=False,
        families=tuple(
            "Smith Miller Anderson Taylor Moore Martin Thompson White Clark Lewis Walker Hall Allen Young King Wright "
            "Hill Scott Adams Baker Nelson Carter Mitchell Roberts Turner Phillips Parker Evans Edwards Collins Stewart "
            "Morris Rogers Reed Cook Morgan Bell Murphy Bailey Cooper Richardson Cox Howard Ward Peterson Gray James "
            "Watson Brooks Kelly Sanders Price Bennett Wood Barnes Ross Henderson Coleman Jenkins Perry Powell Long "
            "Patterson Hughes Myers Sullivan Russell Fisher Cole Hamilton Graham Wallace West Reynolds Ellis Stevens "
            "Gibson Marshall Hunter Schmidt Wagner Hansen Larson Olson Novak Kowalski Rossi Schneider Becker Weber "
            "O'Brien McCarthy Fitzgerald Petrov Hoffman Carlson Keller Lang Barrett Stafford".split()
        ),
        women=_WOMEN,
        men=_MEN,
    ),
    Community(
        share=140,
        race=("2054-5", "Black or African American"),
        hispanic=False,
        families=tuple(
            "Washington Jefferson Booker Banks Jackson Johnson Williams Brown Davis Robinson Harris Jones Thomas "
            "Charles Joseph Pierre Mosley Gaines Rivers Dorsey Hairston Battle Mayo Grant Simmons Franklin Okafor Mensah "
            "Tesfaye Boateng".split()
        ),
        women=(*_WOMEN[:50:2], "Latoya", "Keisha", "Ebony", "Denise", "Yolanda", "Monique", "Ngozi", "Abena"),
        men=(*_MEN[:50:2], "Darnell", "Reginald", "Terrence", "Marcus", "Andre", "Tyrone", "Kwame", "Chidi"),
    ),
    Community(
        share=170,
        race=("2131-1", "Other Race"),
        hispanic=True,
        families=tuple(
            "Garcia Rodriguez Martinez Hernandez Lopez Gonzalez Perez Sanchez Ramirez Torres Flores Rivera Gomez Diaz "
            "Cruz Morales Ortiz Gutierrez Chavez Ramos Ruiz Alvarez Mendoza Vasquez Castillo Jimenez Moreno Romero "
            "Herrera Medina Aguilar Vargas Guzman Mendez Salazar Soto Delgado Pena Rios Alvarado Sandoval".split()
        ),
        women=tuple(
            "Maria Carmen Rosa Guadalupe Juana Ana Teresa Elena Lucia Gabriela Patricia Sofia Veronica Leticia Silvia "
            "Esperanza Alejandra Yolanda Isabel Claudia Daniela Marisol".split()
        ),
        men=tuple(
            "Jose Juan Luis Carlos Jesus Francisco Jorge Miguel Manuel Pedro Antonio Roberto Ricardo Alejandro Rafael "
            "Fernando Javier Eduardo Sergio Raul Hector Arturo".split()
        ),
    ),
    Community(
        share=110,
        race=("2028-9", "Asian"),
        hispanic=False,
        families=tuple(
            "Nguyen Tran Pham Le Hoang Kim Park Choi Wang Li Zhang Chen Liu Yang Huang Wong Chan Lam Patel Singh Shah "
            "Sharma Gupta Reddy Khan Tanaka Sato Yamamoto Santos Reyes Bautista".split()
        ),
        women=tuple(
            "Linh Mai Thuy Hanh Min-ji Soo-jin Mei Li-hua Xiu Ying Priya Anjali Sunita Lakshmi Yuki Keiko Grace Helen "
            "Jenny Amy Susan Christine Maricel Cristina".split()
        ),
        men=tuple(
            "Minh Tuan Hung Duc Sung-ho Jin-woo Wei Jian Ming Hao Raj Amit Sanjay Vikram Kenji Hiroshi David Kevin "
            "Andrew Peter Henry Michael Rommel Jun".split()
        ),
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

STREETS: tuple[str, ...] = tuple(
    "Maple Oak Cedar Elm Pine Washington Lincoln Walnut Chestnut Sunset Highland Church Spring Park Mill Franklin "
    "Orchard Willow Meadow Ridge Jackson Cherry Dogwood Hickory".split()
)
"""Street names without Street, Avenue and so on."""

STREET_KINDS: tuple[str, ...] = ("Street", "Avenue", "Drive", "Lane", "Road", "Court", "Way")
"""What follows the street's name."""

AREA_CODES: tuple[str, ...] = ("408", "415", "510", "628", "650", "669", "707", "831", "925")
"""Telephone area codes; the exchange is 555, which belongs to nobody."""
