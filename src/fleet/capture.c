/*
 * Head, ring and pool.  See capture.h.
 */
#include "fleet/capture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
	ALLOC_MIN = 1024,
	LINE_NEAR = 4096, /* how far from a cut an end of line is looked for */
};

/* --- The pool --- */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void capture_pool_init(
	struct capture_pool *pool, size_t captures, size_t total_bytes, size_t capture_bytes)
{
	size_t share = captures > 0 ? total_bytes / 2 / captures : total_bytes / 2;

	if (share < CAPTURE_SHARE_MIN) {
		share = CAPTURE_SHARE_MIN;
	}
	*pool = (struct capture_pool){.capture_bytes = capture_bytes > CAPTURE_SHARE_MIN
							       ? capture_bytes
							       : CAPTURE_SHARE_MIN};
	pool->share_bytes = smaller(share, pool->capture_bytes);
	if (pool->share_bytes <= total_bytes / (captures > 0 ? captures : 1)) {
		pool->free_bytes = total_bytes - pool->share_bytes * captures;
	}
}

/* What is over its share is from the pool. */
static size_t taken_of(const struct capture_pool *pool, size_t alloc)
{
	return alloc > pool->share_bytes ? alloc - pool->share_bytes : 0;
}

/* --- Filling --- */

void capture_init(struct capture *capture, struct capture_pool *pool)
{
	*capture = (struct capture){.pool = pool};
}

void capture_release(struct capture *capture)
{
	capture->pool->free_bytes += taken_of(capture->pool, capture->alloc);
	free(capture->bytes);
	capture_init(capture, capture->pool);
}

/* Room for `wanted` bytes in all, or as much as can be had. */
static void grow(struct capture *capture, size_t wanted)
{
	struct capture_pool *pool = capture->pool;
	size_t most = smaller(pool->capture_bytes,
		pool->share_bytes + taken_of(pool, capture->alloc) + pool->free_bytes);
	size_t alloc = capture->alloc ? capture->alloc : ALLOC_MIN;

	while (alloc < wanted) {
		alloc *= 2;
	}
	alloc = smaller(alloc, most);
	if (alloc > capture->alloc) {
		pool->free_bytes -= taken_of(pool, alloc) - taken_of(pool, capture->alloc);
		capture->bytes = xrealloc(capture->bytes, alloc);
		capture->alloc = alloc;
	}
}

/* Bytes go where the oldest are. */
static void add_to_ring(struct capture *capture, struct str bytes)
{
	char *ring = capture->bytes + capture->head_len;
	size_t size = capture->alloc - capture->head_len;

	if (bytes.len >= size) {
		memcpy(ring, bytes.ptr + bytes.len - size, size);
		capture->ring_begin = 0;
		return;
	}
	while (bytes.len > 0) {
		size_t part = smaller(bytes.len, size - capture->ring_begin);

		memcpy(ring + capture->ring_begin, bytes.ptr, part);
		capture->ring_begin = (capture->ring_begin + part) % size;
		bytes = str_sub(bytes, part, bytes.len);
	}
}

static uint64_t count_lines(struct str bytes)
{
	uint64_t lines = 0;

	for (size_t pos = str_find(bytes, '\n', 0); pos < bytes.len;
		pos = str_find(bytes, '\n', pos + 1)) {
		lines++;
	}
	return lines;
}

void capture_add(struct capture *capture, struct str bytes)
{
	size_t part;

	capture->total_bytes += bytes.len;
	capture->total_lines += count_lines(bytes);
	if (capture->head_len == 0 && capture->len + bytes.len > capture->alloc) {
		grow(capture, capture->len + bytes.len);
	}
	if (capture->head_len == 0) {
		part = smaller(bytes.len, capture->alloc - capture->len);
		if (part > 0) {
			memcpy(capture->bytes + capture->len, bytes.ptr, part);
		}
		capture->len += part;
		bytes = str_sub(bytes, part, bytes.len);
	}
	if (bytes.len > 0) {
		capture->head_len = capture->alloc / 2;
		add_to_ring(capture, bytes);
	}
}

/* --- Reading --- */

/* Without the beginning of a line at its end. */
static struct str end_at_line(struct str head)
{
	size_t nearest = head.len > LINE_NEAR ? head.len - LINE_NEAR : 0;

	for (size_t end = head.len; end > nearest; end--) {
		if (head.ptr[end - 1] == '\n') {
			return str_sub(head, 0, end);
		}
	}
	return head;
}

/* Without the end of a line at its beginning; the bytes that goes over both parts. */
static void begin_at_line(struct str tail[2])
{
	size_t first = str_find(tail[0], '\n', 0);
	size_t second = str_find(tail[1], '\n', 0);

	if (first < smaller(tail[0].len, LINE_NEAR)) {
		tail[0] = str_sub(tail[0], first + 1, tail[0].len);
	} else if (first == tail[0].len && second < tail[1].len && first + second < LINE_NEAR) {
		tail[0] = str_sub(tail[1], second + 1, tail[1].len);
		tail[1] = str_n("", 0);
	}
}

struct capture_view capture_view(const struct capture *capture)
{
	struct capture_view view = {
		.head = str_n(capture->bytes ? capture->bytes : "", capture->len),
		.tail = {str_n("", 0), str_n("", 0)},
	};
	struct str ring;

	if (capture->head_len == 0) {
		return view;
	}
	ring = str_sub(view.head, capture->head_len, capture->len);
	view.head = end_at_line(str_sub(view.head, 0, capture->head_len));
	view.tail[0] = str_sub(ring, capture->ring_begin, ring.len);
	view.tail[1] = str_sub(ring, 0, capture->ring_begin);
	begin_at_line(view.tail);
	view.left_out_bytes =
		capture->total_bytes - view.head.len - view.tail[0].len - view.tail[1].len;
	view.left_out_lines = capture->total_lines - count_lines(view.head) -
			      count_lines(view.tail[0]) - count_lines(view.tail[1]);
	return view;
}

void capture_add_text(const struct capture *capture, struct strbuf *out)
{
	struct capture_view view = capture_view(capture);

	strbuf_addstr(out, view.head);
	if (view.left_out_bytes == 0) {
		return;
	}
	if (!str_ends(view.head, "\n")) {
		strbuf_addc(out, '\n');
	}
	strbuf_addf(out, "... %" PRIu64 " bytes (%" PRIu64 " lines) left out ...\n",
		view.left_out_bytes, view.left_out_lines);
	strbuf_addstr(out, view.tail[0]);
	strbuf_addstr(out, view.tail[1]);
}
