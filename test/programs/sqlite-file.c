// SPDX-License-Identifier: Apache-2.0
// A database in a file with a write-ahead log: two connections, transactions, one rolled back, a checkpoint, reopened and checked.
// Usage: sqlite-file PATH [exclusive]   exclusive: the log's index is in memory of the process, not in a shared mapping.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int status, sqlite3 *db, const char *what)
{
	if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW)
		return;
	fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static int row(void *context, int count, char **values, char **names)
{
	(void)context;
	for (int i = 0; i < count; i++)
		printf("%s%s=%s", i ? " " : "", names[i], values[i] ? values[i] : "NULL");
	putchar('\n');
	return 0;
}

static void run(sqlite3 *db, const char *sql)
{
	must(sqlite3_exec(db, sql, row, NULL, NULL), db, sql);
}

static sqlite3 *opened(const char *path, int exclusive)
{
	sqlite3 *db;

	must(sqlite3_open(path, &db), db, "open");
	if (exclusive)
		run(db, "PRAGMA locking_mode=EXCLUSIVE");
	run(db, "PRAGMA journal_mode=WAL");
	return db;
}

static void fill(sqlite3 *db, int from, int count)
{
	sqlite3_stmt *insert;

	run(db, "BEGIN IMMEDIATE");
	must(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?, ?)", -1, &insert, NULL), db, "prepare");
	for (int i = from; i < from + count; i++) {
		char text[64];

		snprintf(text, sizeof(text), "the text of row number %d", i * 7919 % 10007);
		sqlite3_bind_int(insert, 1, i);
		sqlite3_bind_int(insert, 2, i * 31 % 97);
		sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT);
		must(sqlite3_step(insert), db, "insert");
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
}

int main(int argc, char **argv)
{
	const int exclusive = argc > 2 && strcmp(argv[2], "exclusive") == 0;
	sqlite3 *db, *reader;

	if (argc < 2)
		return 64;
	db = opened(argv[1], exclusive);
	run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, team INTEGER, text TEXT)");
	for (int i = 0; i < 10; i++) {
		fill(db, i * 500, 500);
		run(db, "COMMIT");
	}
	fill(db, 100000, 500);
	if (!exclusive) {
		// A second connection reads what was there before the open transaction.
		reader = opened(argv[1], 0);
		run(reader, "SELECT count(*), sum(team) FROM t");
		must(sqlite3_close(reader), reader, "close");
	}
	run(db, "ROLLBACK");
	run(db, "CREATE INDEX by_team ON t (team)");
	run(db, "UPDATE t SET text = upper(text) WHERE team = 5");
	run(db, "DELETE FROM t WHERE team > 90");
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	must(sqlite3_close(db), db, "close");

	db = opened(argv[1], exclusive);
	run(db, "PRAGMA integrity_check");
	run(db, "SELECT team, count(*) AS rows, min(text) AS least FROM t GROUP BY team ORDER BY rows DESC, team LIMIT 8");
	run(db, "VACUUM");
	run(db, "PRAGMA page_count");
	must(sqlite3_close(db), db, "close");
	return 0;
}
