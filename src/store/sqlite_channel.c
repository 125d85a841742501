/*
 * A row for each receiver.  See store_channel.h.
 */
#include "base/alloc.h"
#include "base/vec.h"
#include "store/sqlite_internal.h"
#include "store/store_channel.h"

#define COLUMNS                                                                                    \
	"receiver, settings, dead_ms, dead_fault, dead_text, held_until_ms, failures, throttled, " \
	"tokens_milli, tokens_ms, delivered_ms, storm_ms, summary_ms"

static void read_channel(
	const struct query *query, struct arena *arena, struct channel *ret_channel)
{
	*ret_channel = (struct channel){
		.receiver = query_text(query, 0, arena),
		.settings = query_text(query, 1, arena),
		.dead_ms = query_int(query, 2),
		.dead_fault = (int)query_int(query, 3),
		.dead_text = query_text(query, 4, arena),
		.held_until_ms = query_int(query, 5),
		.failures = query_int(query, 6),
		.throttled = query_int(query, 7),
		.tokens_milli = query_int(query, 8),
		.tokens_ms = query_int(query, 9),
		.delivered_ms = query_int(query, 10),
		.storm_ms = query_int(query, 11),
		.summary_ms = query_int(query, 12),
	};
}

int channel_get(struct store_tx *tx, const char *receiver, struct arena *arena,
	struct channel *ret_channel, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " COLUMNS " FROM channel WHERE receiver = ?1");
	int got;

	query_bind_text(&query, 1, receiver);
	got = query_step(&query, err);
	if (got == 0) {
		return err_set(err, ERR_NOT_FOUND, "nothing is known of receiver '%s'", receiver);
	}
	if (got > 0) {
		read_channel(&query, arena, ret_channel);
	}
	return got < 0 ? -1 : 0;
}

int channel_set(struct store_tx *tx, const struct channel *channel, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT OR REPLACE INTO channel (" COLUMNS ")"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");

	query_bind_text(&query, 1, channel->receiver);
	query_bind_text(&query, 2, channel->settings);
	query_bind_int_or_null(&query, 3, channel->dead_ms, 0);
	query_bind_int_or_null(&query, 4, channel->dead_fault, 0);
	query_bind_text(&query, 5, channel->dead_text);
	query_bind_int(&query, 6, channel->held_until_ms);
	query_bind_int(&query, 7, channel->failures);
	query_bind_int(&query, 8, channel->throttled);
	query_bind_int(&query, 9, channel->tokens_milli);
	query_bind_int(&query, 10, channel->tokens_ms);
	query_bind_int_or_null(&query, 11, channel->delivered_ms, 0);
	query_bind_int_or_null(&query, 12, channel->storm_ms, 0);
	query_bind_int_or_null(&query, 13, channel->summary_ms, 0);
	return query_run(&query, err);
}

int channel_all(
	struct store_tx *tx, struct arena *arena, struct channel_list *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " COLUMNS " FROM channel ORDER BY receiver");
	struct channel_list list = {0};
	int got = query_step(&query, err);

	for (; got > 0; got = query_step(&query, err)) {
		read_channel(&query, arena, VEC_PUSH_IN(arena, &list, items));
	}
	if (got == 0) {
		*ret_list = list;
	}
	return got;
}
