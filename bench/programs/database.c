/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite: nanoseconds of rows inserted in one transaction, of queries over them, and of transactions of one row each.
 * Usage: database PATH [TRANSACTIONS]   PATH may be :memory:; a file is made anew, with a write-ahead log
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROWS 100000

static sqlite3 *db;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void must(int status, const char *what)
{
	if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW)
		return;
	fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void run(const char *sql)
{
	must(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static void insert(int from, int count, int each)
{
	sqlite3_stmt *statement;

	must(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?, 'some text that makes the row longer')", -1, &statement, NULL), "prepare");
	if (!each)
		run("BEGIN");
	for (int i = from; i < from + count; i++) {
		sqlite3_bind_int(statement, 1, i);
		sqlite3_bind_int(statement, 2, (int)(i * 2654435761u % 1000));
		must(sqlite3_step(statement), "insert");
		sqlite3_reset(statement);
	}
	if (!each)
		run("COMMIT");
	sqlite3_finalize(statement);
}

static void query(void)
{
	run("CREATE INDEX by_team ON t (team)");
	run("SELECT team, count(*), sum(id) FROM t GROUP BY team ORDER BY 2 DESC");
	run("SELECT count(*) FROM t a JOIN t b ON a.id = b.id + 1 WHERE a.team < b.team");
	run("UPDATE t SET team = team + 1 WHERE team % 3 = 0");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	const int transactions = argc > 2 ? atoi(argv[2]) : 0;

	unlink(argv[1]);
	must(sqlite3_open(argv[1], &db), "open");
	run("PRAGMA locking_mode=EXCLUSIVE");
	run("PRAGMA journal_mode=WAL");
	run("CREATE TABLE t (id INTEGER PRIMARY KEY, team INTEGER, text TEXT)");
	const double started = now();
	insert(0, ROWS, 0);
	const double inserted = now();
	query();
	const double asked = now();
	insert(ROWS, transactions, 1);
	const double done = now();
	printf("insert %.0f\nquery %.0f\n", inserted - started, asked - inserted);
	if (transactions > 0)
		printf("transaction %.0f\n", (done - asked) / transactions);
	must(sqlite3_close(db), "close");
	unlink(argv[1]);
	return 0;
}
