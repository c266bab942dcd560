"""A twenty-first family, registered from outside the package: severe anaemia needs a blood type and antibody screen.

Run it: python examples/add_a_family.py. It plants ten tasks in a small hospital, shows one, and proves all of them with
the oracle and the null agent. A family that is to ship would be one more file in medagentbenchv2/tasks/families and one
line in medagentbenchv2/tasks/registry.py; CONTRIBUTING.md says how to look at it then.

Rule: the newest haemoglobin of the last 7 days is below 7.0 g/dL -> order a type and screen, stat (AABB 2023:
restrictive transfusion threshold of 7 g/dL).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from medagentbenchv2.agents.behaviours import Constant, Oracle
from medagentbenchv2.agents.script import play
from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.grading.answer import Answer, Number, none_found
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.grading.fields import Word
from medagentbenchv2.hospital.ward import Ward
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.explain import explain
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import service
from medagentbenchv2.tasks.planting import Asking, plant
from medagentbenchv2.tasks.registry import register
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import CPT, finish, order_service, search_observations, seen
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tools.call import Steps

CODE, SCREEN, HOURS, THRESHOLD = "HGB", "86850", 7 * 24, 7.0


class AnemiaScreen(Family[PatientSlots]):
    """Is a severely anaemic patient ready for a transfusion?"""

    slug, edition, number, kind = "anemia_screen", "own", 21, "action"
    title = "Type and screen in severe anaemia"
    rule = "If the newest haemoglobin of the last 7 days is below 7.0 g/dL, order an antibody screen, stat (CPT 86850)."
    source = "Restrictive transfusion threshold of 7 g/dL: AABB guideline on red blood cell transfusion (2023)"
    topics = frozenset({"hemoglobin"})
    branches = (
        Branch("severe", acts=True, about="The newest haemoglobin of the last 7 days is below 7.0 g/dL."),
        Branch("not_severe", acts=False, about="The newest haemoglobin of the last 7 days is 7.0 g/dL or more."),
        Branch("not_measured", acts=False, empty=True, about="Haemoglobin was not measured in the last 7 days."),
    )
    asks = (
        "Check the haemoglobin of patient {mrn} and prepare for a transfusion if it is dangerously low.",
        "Does patient {mrn} need blood to be matched? Go by the newest haemoglobin.",
        "Patient {mrn}: if the latest haemoglobin is below the transfusion threshold, have blood matched.",
    )
    facts = (
        "Haemoglobin is the observation with the code HGB, in g/dL. If the newest one of the last 7 days is below 7.0, "
        "order one antibody screen: a service request with CPT 86850, status active, intent order, priority stat. "
        "Finish with a list of one number: that haemoglobin, or -1 if none was measured in the last 7 days."
    )

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", CODE))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = chart.latest(CODE, hours=HOURS)
        if newest is None:
            return Expectation(answer=Answer(items=(none_found(),)))
        stat = Word(element="priority", words=("stat",), category="wrong_priority")
        orders = (service(slots.mrn, "antibody screen", stat, code=SCREEN),) if newest.value < THRESHOLD else ()
        return Expectation(answer=Answer(items=(Number(value=newest.value),)), orders=orders)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(CODE)
        scene.observe(CODE, scene.some_days_ago(8, 60), 6.1)
        if branch != "not_measured":
            value = 5.2 + 0.3 * (scene.index % 6) if branch == "severe" else 7.0 + 0.9 * (scene.index % 6)
            scene.observe(CODE, scene.some_days_ago(0, 7), round(value, 1))
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, CODE))).latest(CODE, hours=HOURS)
        if newest is not None and newest.value < THRESHOLD:
            yield order_service(slots.mrn, now, SCREEN, CPT, "Antibody screen", priority="stat")
        yield finish(newest.value if newest else -1)


async def main() -> None:
    """Plant, show and prove."""
    family = AnemiaScreen()
    register(family)
    now = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)
    ward = Ward.open(seed=7, number=4900, end=now, patients=12, visitors=12, scale=0.05)
    tasks = plant(ward, [Asking("example", family, 10, now)], seed="example")
    world = World(4900, Snapshot.build(ward.records()), tasks)
    print(explain(tasks["example"][0], await world.expectations(tasks["example"][0])))
    for agent in (Oracle(), Constant("null")):
        played = [await play(agent, await Rollout.enter(world, task)) for task in tasks["example"]]
        print(f"{agent.name}: {sum(r.verdict().reward for r in played):g} of {len(played)}")


if __name__ == "__main__":
    asyncio.run(main())
