"""Start with a store of many gigabytes whose files are not in memory: until it is ready, and what is read until then."""
import contextlib
import os
import pathlib
import shutil
import sqlite3
import tempfile
import time

import daemon
import kit

GB = float(os.environ.get("BENCH_LARGE_GB", 14))
SECONDS = 60 + int(GB * 20)
SPARE = 8       # of the disk, that are left free
TARGETS, EVIDENCE, A_STATEMENT = 1000, 3900, 20000
# Of each gigabyte half is in postwatch.db: evidence of incidents that are over, each told with two deliveries; in
# history.db the same of other runs, and results.
ROWS = int(GB * 2**30 / 2 / 4200)

NUMBERS = "WITH RECURSIVE n (i) AS (SELECT :from UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :to) "
MAIN = (
	("INSERT INTO incidents (number, target, change, began, confirmed, ended, end_confirmed, outcome, ending, text, end_text,"
	 " acknowledged, ack_by, ack_why) SELECT i / 16 + 1, i / 16 % :targets + 1, 1000000 + i, :now - i, :now - i, :now - i + 5, :now - i + 5,"
	 " 'refused', 'up', x'61', x'62', 0, x'', x'' FROM n WHERE i % 16 = 0"),
	("INSERT INTO notices (number, target, change, kind, incident, code, detected, confirmed, text, silences, rest)"
	 " SELECT i / 8 + 1, i / 16 % :targets + 1, 1000000 + i, iif(i % 16 = 0, 'down', 'up'), i / 16 + 1, 'refused', :now - i, :now - i,"
	 " zeroblob(200), '', x'' FROM n WHERE i % 8 = 0"),
	("INSERT INTO deliveries (notice, notifier, recipient, target, state, attempts, not_before, claim, created, claimed, ended, doubt,"
	 " merged, receipt) SELECT i / 8 + 1, 'out', i % 8, i / 16 % :targets + 1, 4, 1, 0, i, :now - i, :now - i, :now - i, 0, 0, zeroblob(40)"
	 " FROM n WHERE i % 8 < 2"),
	("INSERT INTO evidence (target, run, leg, at, incident, role, bytes) SELECT i / 16 % :targets + 1, i + 1, 0, :now - i, i / 16 + 1,"
	 " 'confirmed', zeroblob(:evidence) FROM n"),
)
HISTORY = (
	("INSERT INTO traces (target, run, leg, at, bytes) SELECT i % :targets + 1, 100000000 + i, 0, :now, zeroblob(:evidence) FROM n"),
	("INSERT INTO results (target, prev, bad, run, at, micros, verdict, mood, speaks_for, flags, outcome, phase_names, phases, text)"
	 " SELECT i % :targets + 1, 0, 0, 100000000 + i, :now, 5, 0, 0, 300, 0, 1, 1, x'', x'' FROM n"),
	("UPDATE heads SET last = (SELECT max(id) FROM results) - :targets + target"),
	("INSERT OR REPLACE INTO counts (key, value) SELECT 'heads_upto', max(id) FROM results"),
)


def fill(path, statements):
	with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
		database.execute("PRAGMA journal_mode=OFF")
		database.execute("PRAGMA synchronous=OFF")
		database.execute("PRAGMA cache_size=-400000")
		for at in range(0, ROWS, A_STATEMENT):
			values = {"from": at, "to": min(at + A_STATEMENT, ROWS), "targets": TARGETS, "evidence": EVIDENCE,
			          "now": time.time_ns() // 1000 - 86400_000_000}
			database.execute("BEGIN")
			for statement in statements:
				if " FROM n" in statement:
					database.execute(NUMBERS + statement, values)
			database.execute("COMMIT")
		for statement in statements:
			if " FROM n" not in statement:
				database.execute(statement, values)
		database.execute("PRAGMA journal_mode=WAL")


def forget(path):
	"""What the kernel holds of the file in memory."""
	with open(path, "rb") as file:
		os.fsync(file.fileno())
		os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
	return path.stat().st_size


def read_bytes(pid):
	"""From the disk or not: all that was read."""
	words = pathlib.Path(f"/proc/{pid}/io").read_text().split()
	return int(words[words.index("rchar:") + 1])


def large(bench):
	bench.table.heading(f"Start with {GB:g} GB that are not in memory: {ROWS:,} pieces of evidence in each file")
	folder = pathlib.Path(tempfile.mkdtemp(prefix="large-"))
	try:
		if shutil.disk_usage(folder).free < (GB + SPARE) * 2**30:
			raise kit.Failure(f"less than {GB + SPARE:g} GB of disk are free")
		kit.progress(f"large: {GB:g} GB are written")
		watch = daemon.Daemon(folder, daemon.Targets(TARGETS, bench.sink.port["plain"], 60, probe="smtp", tls="none"), probers=0)
		time.sleep(5)
		watch.stop()
		files = [folder / "state" / name for name in ("postwatch.db", "history.db")]
		fill(files[0], MAIN)
		fill(files[1], HISTORY)
		size = sum(map(forget, files))
		watch.launch(folder / "bench.conf")
		read = read_bytes(watch.child("keeper"))
		log = watch.log()
		watch.kill()
		bench.table.row(f"{size / 2**30:.1f} GB, ready after", f"{watch.start_seconds:.2f} s", "", "<= 3 s", watch.start_seconds <= 3)
		bench.table.row("  read by the keeper until then", f"{read / 2**20:.1f} MiB", "", "<= 200 MiB", read <= 200 * 2**20)
		if "damaged" in log or "aside" in log:
			raise kit.Failure("the daemon finds damage in what was made")
	finally:
		kit.progress("large: the files are removed")
		shutil.rmtree(folder, ignore_errors=True)
