/*
 * Files of the time zone database: TZif (RFC 9636), versions 1 to 4.
 *
 * A file of version 1 has one block of changes with 32-bit times.  Later ones have that block for
 * old readers, then another with 64-bit times, and at the end the rule for what comes after.
 * Nothing in a file is believed: counts, order, indexes and names are checked.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/time_zone_internal.h"
#include "base/utf8.h"

enum {
	MAGIC_LEN = 4,
	RESERVED_LEN = 15,
	TYPE_LEN = 6, /* offset, is it dst, place of the abbreviation */
	OLD_TIME_LEN = 4,
	TIME_LEN = 8,
	LEAP_LEN = 4, /* beside its time */
	TYPES_MAX = 256,
};

#define CHANGE_MAX_S (1LL << 59) /* as far as RFC 9636 goes */

struct reader {
	const char *name;
	struct str rest;
	struct err *err;
};

struct header {
	char version;
	uint32_t ut_count, standard_count, leap_count, time_count, type_count, char_count;
};

static int fault(const struct reader *r, const char *what)
{
	return err_set(r->err, ERR_INPUT, "the file of time zone '%s' is damaged: %s",
		utf8_quote(str_of(r->name)).text, what);
}

/* What there is, if it is less. */
static struct str take(struct reader *r, size_t len)
{
	const struct str taken = str_sub(r->rest, 0, len);

	r->rest = str_sub(r->rest, taken.len, r->rest.len);
	return taken;
}

static uint64_t big_endian(const char *bytes, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		value = value << 8 | (unsigned char)bytes[i];
	}
	return value;
}

static int64_t time_at(const char *bytes, size_t len)
{
	const uint64_t value = big_endian(bytes, len);

	return len == OLD_TIME_LEN ? (int32_t)(uint32_t)value : (int64_t)value;
}

static int read_header(struct reader *r, struct header *ret_header)
{
	const struct str magic = take(r, MAGIC_LEN);
	const struct str version = take(r, 1);
	uint32_t *const counts[] = {&ret_header->ut_count, &ret_header->standard_count,
		&ret_header->leap_count, &ret_header->time_count, &ret_header->type_count,
		&ret_header->char_count};

	if (!str_is(magic, "TZif")) {
		return err_set(r->err, ERR_INPUT, "time zone '%s': its file is of another kind",
			utf8_quote(str_of(r->name)).text);
	}
	(void)take(r, RESERVED_LEN);
	if (r->rest.len < ARRAY_LEN(counts) * sizeof(uint32_t)) {
		return fault(r, "it ends within a header");
	}
	ret_header->version = version.ptr[0];
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		*counts[i] = (uint32_t)big_endian(take(r, sizeof(uint32_t)).ptr, sizeof(uint32_t));
	}
	return 0;
}

static size_t block_len(const struct header *h, size_t time_len)
{
	return (size_t)h->time_count * (time_len + 1) + (size_t)h->type_count * TYPE_LEN +
	       h->char_count + (size_t)h->leap_count * (time_len + LEAP_LEN) + h->standard_count +
	       h->ut_count;
}

static int check_header(const struct reader *r, const struct header *h, size_t time_len)
{
	if (block_len(h, time_len) > r->rest.len) {
		return fault(r, "it ends within its tables");
	}
	if (h->leap_count > 0) {
		return err_set(r->err, ERR_INPUT,
			"time zone '%s' counts leap seconds, which Unix time does not; use the one "
			"without",
			utf8_quote(str_of(r->name)).text);
	}
	if (h->type_count == 0 || h->type_count > TYPES_MAX) {
		return fault(r, "it has no types, or too many");
	}
	return 0;
}

static int read_changes(
	struct reader *r, const struct header *h, size_t time_len, struct time_zone *zone)
{
	const struct str times = take(r, h->time_count * time_len);
	const struct str types = take(r, h->time_count);

	zone->changes = xcalloc(h->time_count + 1, sizeof(*zone->changes));
	zone->change_types = xcalloc(h->time_count + 1, sizeof(*zone->change_types));
	zone->changes_count = h->time_count;
	for (size_t i = 0; i < h->time_count; i++) {
		zone->changes[i] = time_at(times.ptr + i * time_len, time_len);
		zone->change_types[i] = (unsigned char)types.ptr[i];
		if (i > 0 && zone->changes[i] <= zone->changes[i - 1]) {
			return fault(r, "its changes are not in order");
		}
		if (zone->changes[i] < -CHANGE_MAX_S || zone->changes[i] > CHANGE_MAX_S) {
			return fault(r, "a change is too far away");
		}
		if (zone->change_types[i] >= h->type_count) {
			return fault(r, "a change is to a type that is not there");
		}
	}
	return 0;
}

static int read_type(
	const struct reader *r, const char *bytes, struct str names, struct time_zone_type *type)
{
	const int64_t offset_s = time_at(bytes, OLD_TIME_LEN);
	const unsigned char is_dst = (unsigned char)bytes[4];
	const unsigned char place = (unsigned char)bytes[5];
	const size_t end = str_find(names, '\0', place);
	const struct str name = str_sub(names, place, end - place);

	if (offset_s <= -TIME_ZONE_OFFSET_MAX || offset_s >= TIME_ZONE_OFFSET_MAX) {
		return fault(r, "a type is too far from UTC");
	}
	if (is_dst > 1) {
		return fault(r, "a type is neither standard nor daylight saving time");
	}
	if (place >= names.len || end == names.len || !time_zone_is_abbreviation(name)) {
		return fault(r, "a type has no proper abbreviation");
	}
	type->offset_s = (int32_t)offset_s;
	type->is_dst = is_dst;
	memcpy(type->abbreviation, name.ptr, name.len);
	return 0;
}

static int read_block(
	struct reader *r, const struct header *h, size_t time_len, struct time_zone *zone)
{
	struct str types, names;

	if (check_header(r, h, time_len) < 0 || read_changes(r, h, time_len, zone) < 0) {
		return -1;
	}
	types = take(r, (size_t)h->type_count * TYPE_LEN);
	names = take(r, h->char_count);
	zone->types = xcalloc(h->type_count, sizeof(*zone->types));
	for (size_t i = 0; i < h->type_count; i++) {
		if (read_type(r, types.ptr + i * TYPE_LEN, names, &zone->types[i]) < 0) {
			return -1;
		}
	}
	(void)take(r, (size_t)h->standard_count + h->ut_count); /* how the changes were written */
	return 0;
}

static int read_footer(struct reader *r, struct time_zone *zone)
{
	const size_t end = str_find(r->rest, '\n', 1);
	const struct str rule = str_sub(r->rest, 1, end - 1);

	if (r->rest.len == 0 || r->rest.ptr[0] != '\n' || end == r->rest.len) {
		return fault(r, "it has no proper end");
	}
	if (rule.len == 0) { /* nobody knows what comes after the last change */
		return 0;
	}
	if (time_zone_rule_parse(rule, &zone->rule, r->err) < 0) {
		return err_wrap(r->err, "the file of time zone '%s' is damaged",
			utf8_quote(str_of(r->name)).text);
	}
	zone->has_rule = true;
	return 0;
}

static int read_file(struct reader *r, struct time_zone *zone)
{
	struct header h = {0};

	if (read_header(r, &h) < 0) {
		return -1;
	}
	if (h.version == '\0') {
		return read_block(r, &h, OLD_TIME_LEN, zone);
	}
	if (h.version < '2' || h.version > '9') {
		return fault(r, "its version is unknown");
	}
	if (block_len(&h, OLD_TIME_LEN) > r->rest.len) {
		return fault(r, "it ends within its tables");
	}
	(void)take(r, block_len(&h, OLD_TIME_LEN));
	if (read_header(r, &h) < 0 || read_block(r, &h, TIME_LEN, zone) < 0) {
		return -1;
	}
	return read_footer(r, zone);
}

int time_zone_parse(
	struct str content, const char *name, struct time_zone **ret_zone, struct err *err)
{
	_cleanup_(time_zone_freep) struct time_zone *zone = xcalloc(1, sizeof(*zone));
	struct reader r = {.name = name, .rest = content, .err = err};

	zone->name = xstrdup(name);
	if (content.len > TIME_ZONE_FILE_MAX) {
		return err_set(err, ERR_LIMIT, "the file of time zone '%s' is too large",
			utf8_quote(str_of(name)).text);
	}
	if (read_file(&r, zone) < 0) {
		return -1;
	}
	*ret_zone = TAKE(zone);
	return 0;
}
