/*
 * When the store is pruned.
 */
#include "alert/upkeep.h"

#include "base/parse.h"
#include "base/strbuf.h"
#include "store/store_holds.h"
#include "store/store_upkeep.h"

enum {
	EVERY_MS = 3600 * 1000,
	ROWS_MAX = 1000, /* in one transaction: others wait for it */
};

static const char mark_name[] = "pruned";

static int last_run(struct store_tx *tx, struct arena *arena, int64_t *ret_ms, struct err *err)
{
	const char *value = NULL;

	*ret_ms = 0;
	if (store_mark_get(tx, mark_name, arena, &value, err) < 0) {
		return -1;
	}
	if (value) {
		(void)parse_int(str_of(value), 0, INT64_MAX, ret_ms, NULL); /* else as if never */
	}
	return 0;
}

static int set_last_run(struct store_tx *tx, int64_t now_ms, struct err *err)
{
	struct strbuf value = STRBUF_INIT;
	int status;

	strbuf_addf(&value, "%lld", (long long)now_ms);
	status = store_mark_set(tx, mark_name, value.buf, err);
	strbuf_release(&value);
	return status;
}

int upkeep_run(struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms,
	struct arena *arena, struct err *err)
{
	int64_t last_ms;
	bool is_done = false;

	if (last_run(tx, arena, &last_ms, err) < 0) {
		return -1;
	}
	if (last_ms <= now_ms && now_ms - last_ms < EVERY_MS) {
		return 0;
	}
	if (store_prune(tx, now_ms - settings->keep_ms, ROWS_MAX, &is_done, err) < 0) {
		return -1;
	}
	return is_done ? set_last_run(tx, now_ms, err) : 0;
}
