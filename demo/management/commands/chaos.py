"""Faults done for real to a hotline of its own; see demo/chaos."""

import json
import os
import random
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from demo.chaos import checks, faults, ground, paper
from demo.chaos.house import House, working_morning
from demo.chaos.journal import Journal
from demo.chaos.mailbox import Mailbox
from demo.chaos.people import People


class Command(BaseCommand):
    help = (
        "Starts a hotline of its own, lets people work in it, kills its processes, fills its disks and more, and proves"
        " that nothing acknowledged was lost or doubled. Prints JSON; ends with 1 where something does not hold."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        whole = faults.Extent()
        parser.add_argument("--short", action="store_true", help="a little of everything, in some minutes")
        parser.add_argument("--people", type=int, help=f"who work in it ({whole.people})")
        parser.add_argument("--minutes", type=float, help=f"over which the kills are spread ({whole.minutes:.0f})")
        parser.add_argument("--kills", type=int, help=f"how many processes are killed ({whole.kills})")
        parser.add_argument("--broker-seconds", type=float, help=f"without Valkey ({whole.broker_seconds:.0f})")
        parser.add_argument("--only", nargs="+", choices=[one.name for one in faults.FAULTS], help="only these faults")
        parser.add_argument("--seed", type=int, default=None, help="of what is killed when")
        parser.add_argument("--port", type=int, default=8179, help="where its web server listens")
        parser.add_argument("--folder", default="var/chaos", help="its data folder, which is emptied first")
        parser.add_argument("--write", action="store_true", help="write docs/reliability.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if not os.environ.get(ground.INSIDE):
            sys.exit(ground.run(Path(options["folder"]).resolve(), sys.argv[2:]))
        extent = faults.SHORT if options["short"] else faults.Extent()
        given = {name: options[name] for name in asdict(extent) if options.get(name) is not None}
        seed = options["seed"] if options["seed"] is not None else time.time_ns() % 10**6
        found = self._done(replace(extent, **given), options, seed)
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        if options["write"]:
            paper.write(found)
        if not found["holds"]:
            raise CommandError("Something does not hold.", returncode=1)

    def _done(self, extent: faults.Extent, options: dict[str, Any], seed: int) -> dict[str, Any]:
        house, journal, mailbox = House(options["port"], working_morning()), Journal(), Mailbox()
        since, begun = house.now() - faults.BACK, time.monotonic()
        for command in (["prepare"], ["load_demo", "--tickets", str(extent.tickets)]):
            self._manage(house, command)
            self._say(begun, " ".join(command))
        load, results = os.getloadavg()[0], {}
        with mailbox.open(), house.running():
            people = People(house, journal, extent.people)
            scene = faults.Scene(house, people, mailbox, extent, os.environ[ground.INSIDE] == "disks",
                                 random.Random(seed))  # fmt: skip
            self._say(begun, f"{people.count} people are at work")
            with people.at_work():
                for fault in faults.FAULTS:
                    if options["only"] and fault.name not in options["only"]:
                        continue
                    connection.close()  # its server may have been killed
                    results[fault.name] = fault.do(scene)
                    self._say(begun, f"{fault.name}: {json.dumps(results[fault.name], ensure_ascii=False)}")
            connection.close()
            faults.settle(scene)
            self._say(begun, "looking at what is there")
            wrong = checks.ask_all(checks.Evidence(journal, since, mailbox.got, house.manage))
        return {
            "holds": not any(wrong.values()) and not any(one.get("wrong") for one in results.values()),
            "minutes": round((time.monotonic() - begun) / 60, 1), "seed": seed, "people": people.count,
            "processors": os.cpu_count(), "nice": os.nice(0), "load": [round(load, 1), *(round(one, 1) for one in os.getloadavg()[:2])],
            "extent": asdict(extent), "faults": results, "writes": journal.counted(), "by_action": journal.by_action(),
            "messages": len(mailbox.got), "wrong": {name: said[:20] for name, said in wrong.items()},
            "counts_wrong": {name: len(said) for name, said in wrong.items()},
        }  # fmt: skip

    def _manage(self, house: House, command: list[str]) -> None:
        code, said = house.manage(*command)
        if code:
            raise CommandError(said)

    def _say(self, begun: float, words: str) -> None:
        self.stderr.write(f"{time.monotonic() - begun:6.0f} s  {words}")
        sys.stderr.flush()
