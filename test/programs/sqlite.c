// SPDX-License-Identifier: Apache-2.0
// 100,000 rows in memory, an index, an aggregate query, an update and a count.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(void)
{
	sqlite3 *db;
	sqlite3_stmt *insert;

	must(sqlite3_open(":memory:", &db), db, "open");
	printf("sqlite %s\n", sqlite3_libversion());
	run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, team INTEGER, score REAL, name TEXT)");
	run(db, "BEGIN");
	must(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?, ?, ?)", -1, &insert, NULL), db, "prepare");
	for (int i = 0; i < 100000; i++) {
		char name[32];
		int length = snprintf(name, sizeof name, "row-%d", i * 7919 % 100003);
		sqlite3_bind_int(insert, 1, i);
		sqlite3_bind_int(insert, 2, i * 31 % 17);
		sqlite3_bind_double(insert, 3, i / 7.0);
		sqlite3_bind_text(insert, 4, name, length, SQLITE_TRANSIENT);
		must(sqlite3_step(insert), db, "insert");
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	run(db, "COMMIT");
	run(db, "CREATE INDEX by_team ON t (team, score)");
	run(db, "SELECT team, count(*) AS n, round(avg(score), 6) AS mean, min(name) AS first, max(length(name)) AS longest"
		" FROM t GROUP BY team ORDER BY mean DESC");
	run(db, "UPDATE t SET score = score * 2 WHERE team IN (3, 5)");
	run(db, "SELECT count(*) AS n, round(sum(score), 3) AS total, count(DISTINCT substr(name, 1, 6)) AS names FROM t");
	run(db, "SELECT a.id, b.id FROM t a JOIN t b ON b.id = a.id * 2 WHERE a.team = 4 AND b.team = 8 ORDER BY a.id DESC LIMIT 3");
	must(sqlite3_close(db), db, "close");
	return 0;
}
