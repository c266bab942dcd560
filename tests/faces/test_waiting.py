"""Waiting for coroutines outside and inside of a running event loop."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import threading

import pytest

from medagentbenchv2.faces.waiting import Waiter


async def doubled(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def broken() -> None:
    raise ZeroDivisionError


def threads() -> int:
    return sum(thread.name == "medagentbenchv2" for thread in threading.enumerate())


def test_a_result_and_an_error_come_back_where_no_loop_runs() -> None:
    waiter = Waiter()
    assert not waiter.running
    assert waiter.wait(doubled(2)) == 4
    with pytest.raises(ZeroDivisionError):
        waiter.wait(broken())
    assert waiter.wait(doubled(3)) == 6
    waiter.close()
    assert not waiter.running


async def test_a_result_comes_back_inside_a_running_loop_and_all_work_shares_one_other_loop() -> None:
    waiter = Waiter()

    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert waiter.wait(loop()) is waiter.wait(loop()) is not asyncio.get_running_loop()
    waiter.close()


def test_closing_ends_the_thread_and_waiting_again_starts_another() -> None:
    before, waiter = threads(), Waiter()
    waiter.close()
    for _ in range(3):
        assert waiter.wait(doubled(1)) == 2
        assert threads() == before + 1
        waiter.close()
        waiter.close()
        assert threads() == before


def test_a_waiter_that_is_forgotten_ends_its_thread() -> None:
    before, waiter = threads(), Waiter()
    waiter.wait(doubled(1))
    del waiter
    gc.collect()
    assert threads() == before


def test_an_interrupt_cancels_what_was_waited_for() -> None:
    waiter, cancelled = Waiter(), threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def interrupted() -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, lambda *_: interrupted())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            waiter.wait(long())
    finally:
        signal.signal(signal.SIGALRM, old)
    assert cancelled.wait(10)
    waiter.close()


def _in_child(waiter: Waiter, tell: multiprocessing.Queue[int]) -> None:
    tell.put(waiter.wait(doubled(5)))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
def test_a_forked_child_waits_with_a_thread_of_its_own() -> None:
    waiter, fork = Waiter(), multiprocessing.get_context("fork")
    waiter.wait(doubled(1))
    tell = fork.Queue()
    child = fork.Process(target=_in_child, args=(waiter, tell))
    child.start()
    assert tell.get(timeout=60) == 10
    child.join(60)
    assert child.exitcode == 0
    assert waiter.wait(doubled(1)) == 2
    waiter.close()
