/*
 * Sending a composed message over HTTP: one request, several in their order, or one to each of
 * several places.  See notify_http.h.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "net/http_client.h"
#include "net/proxy.h"
#include "notify/notify_http.h"

enum {
	BODY_KEPT_MAX = 64 * 1024,
	FOLLOWED_MAX = 4 * 1024 * 1024, /* where something is to be read from it */
	/* The run's own deadline comes first, and asks how far it got. */
	BACKSTOP_MS = 1000,
	/* For the other places once the message has arrived at one. */
	GRACE_MS = 2000,
};

/* One request. */
struct part {
	struct notify_run *run;
	const struct notify_message *place;   /* of the message */
	const struct notify_message *message; /* the same, or one that follows it */
	struct http_exchange *exchange;
	struct http_request request; /* lives as long as the exchange */
	struct url url;
	struct delivery_result result;
	bool is_over;                   /* and result is set */
	bool is_following;              /* the message is there; this is about another request */
	struct delivery_result arrived; /* of the message, when following */
};

struct http_state {
	struct part *parts;
	size_t parts_count;
	bool is_everywhere;
	struct timer *grace;
};

bool notify_http_is_sender(const struct notifier_kind *kind)
{
	return kind->start == notify_http_start || kind->start == notify_http_start_everywhere;
}

/* Results */

/* The first that has not arrived, or else the first. */
static struct delivery_result result_in_order(const struct http_state *state, struct arena *arena)
{
	struct delivery_result result = state->parts[0].result;

	for (size_t i = 1; i < state->parts_count && result.outcome == DELIVERY_ARRIVED; i++) {
		const struct part *part = &state->parts[i];

		if (part->is_over && part->result.outcome != DELIVERY_ARRIVED) {
			result = part->result;
			result.may_have_arrived = true;
			result.text = arena_printf(arena, "request %zu of %zu: %s", i + 1,
				state->parts_count, result.text);
		}
	}
	return result;
}

/* What is best for the whole: any that took it, then what can still become of it. */
static int rank(enum delivery_outcome outcome)
{
	switch (outcome) {
	case DELIVERY_ARRIVED:
		return 3;
	case DELIVERY_RETRY:
		return 2;
	case DELIVERY_THROTTLED:
		return 1;
	case DELIVERY_REFUSED:
	case DELIVERY_OUTCOMES:
		break;
	}
	return 0;
}

static const char *place_of(const struct part *part)
{
	return part->place->shown_url ? part->place->shown_url : part->place->url;
}

/* "answered 200 at 1 of 2; http://two/: connection refused": those that failed are named. */
static const char *text_everywhere(
	const struct http_state *state, const struct part *best, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	size_t arrived = 0;

	if (state->parts_count == 1) {
		return best->result.text;
	}
	for (size_t i = 0; i < state->parts_count; i++) {
		arrived += state->parts[i].result.outcome == DELIVERY_ARRIVED;
	}
	if (arrived > 0) {
		strbuf_addf(
			&text, "%s at %zu of %zu", best->result.text, arrived, state->parts_count);
	}
	for (size_t i = 0; i < state->parts_count; i++) {
		const struct part *part = &state->parts[i];

		if (part->result.outcome != DELIVERY_ARRIVED) {
			strbuf_addf(&text, "%s%s: %s", text.len > 0 ? "; " : "", place_of(part),
				part->result.text);
		}
	}
	return arena_strndup(arena, text.buf, text.len);
}

static struct delivery_result result_everywhere(const struct http_state *state, struct arena *arena)
{
	const struct part *best = &state->parts[0];
	struct delivery_result result;
	bool may_have_arrived = false;

	for (size_t i = 0; i < state->parts_count; i++) {
		const struct part *part = &state->parts[i];

		may_have_arrived = may_have_arrived || part->result.may_have_arrived;
		if (rank(part->result.outcome) > rank(best->result.outcome)) {
			best = part;
		}
	}
	result = best->result;
	result.may_have_arrived = may_have_arrived && result.outcome != DELIVERY_ARRIVED;
	result.text = text_everywhere(state, best, arena);
	return result;
}

static void end(struct notify_run *run)
{
	const struct http_state *state = run->state;
	const struct delivery_result result = state->is_everywhere
						      ? result_everywhere(state, run->arena)
						      : result_in_order(state, run->arena);

	notify_done(run, &result);
}

/* Requests */

static void part_start(struct part *);

/* Of an exchange that is cut short: what it was doing. */
static void part_cut(struct part *part, const char *why)
{
	struct strbuf phase = STRBUF_INIT;

	http_exchange_add_phase(part->exchange, &phase);
	part->result = (struct delivery_result){
		.outcome = DELIVERY_RETRY,
		.fault = CHANNEL_UNREACHABLE,
		.retry_after_ms = -1,
		.may_have_arrived = part->is_following || http_exchange_is_sent(part->exchange),
		.text = arena_printf(part->run->arena, "%s while %s", why, phase.buf),
	};
	part->is_over = true;
	http_exchange_free(&part->exchange);
	strbuf_release(&phase);
}

static bool has_arrived_somewhere(const struct http_state *state)
{
	for (size_t i = 0; i < state->parts_count; i++) {
		if (state->parts[i].is_over && state->parts[i].result.outcome == DELIVERY_ARRIVED) {
			return true;
		}
	}
	return false;
}

static bool is_all_over(const struct http_state *state)
{
	for (size_t i = 0; i < state->parts_count; i++) {
		if (!state->parts[i].is_over) {
			return false;
		}
	}
	return true;
}

static void cut_the_rest(struct http_state *state, const char *why)
{
	for (size_t i = 0; i < state->parts_count; i++) {
		if (!state->parts[i].is_over) {
			part_cut(&state->parts[i], why);
		}
	}
}

static void grace_over(void *arg)
{
	struct notify_run *run = arg;

	cut_the_rest(run->state, "given up");
	end(run);
}

static void next_in_order(struct notify_run *run, struct part *part)
{
	const struct http_state *state = run->state;

	if (part->result.outcome == DELIVERY_ARRIVED &&
		part + 1 < state->parts + state->parts_count) {
		part_start(part + 1);
	} else {
		end(run);
	}
}

static void next_everywhere(struct notify_run *run)
{
	struct http_state *state = run->state;

	if (is_all_over(state)) {
		timer_free(&state->grace);
		end(run);
	} else if (!state->grace && has_arrived_somewhere(state)) {
		state->grace = timer_add(run->env->loop, GRACE_MS, grace_over, run);
	}
}

static void part_over(struct part *part)
{
	struct notify_run *run = part->run;
	const struct http_state *state = run->state;

	part->is_over = true;
	if (state->is_everywhere) {
		next_everywhere(run);
	} else {
		next_in_order(run, part);
	}
}

static void part_fail(struct part *part, const struct err *err)
{
	part->result = (struct delivery_result){
		.outcome = DELIVERY_REFUSED,
		.fault = CHANNEL_MISCONFIGURED,
		.retry_after_ms = -1,
		.text = arena_strdup(part->run->arena, err->msg),
	};
	part_over(part);
}

/* True if the answer leads to another request, which is under way. */
static bool part_follow(struct part *part, const struct http_response *response)
{
	struct notify_run *run = part->run;
	struct notify_message *next;

	if (!run->receiver->kind->follow || part->result.outcome != DELIVERY_ARRIVED) {
		return false;
	}
	next = arena_alloc(run->arena, sizeof(*next));
	if (!run->receiver->kind->follow(run, part->message, response, next)) {
		return false;
	}
	if (!part->is_following) {
		part->arrived = part->result;
		part->is_following = true;
	}
	part->message = next;
	part_start(part);
	return true;
}

/* What became of requests that followed, told of the message. */
static void judge_following(struct part *part)
{
	struct delivery_result *result = &part->result;

	if (result->outcome == DELIVERY_REFUSED) {
		part->arrived.text = arena_printf(part->run->arena, "%s, and what followed %s",
			part->arrived.text, result->text);
		*result = part->arrived;
	} else if (result->outcome == DELIVERY_ARRIVED) {
		*result = part->arrived;
	} else {
		result->may_have_arrived = true;
	}
}

static void answered(void *arg, const struct http_response *response)
{
	struct part *part = arg;
	struct notify_run *run = part->run;

	part->exchange = NULL;
	notify_http_judge(response, time_wall_ms(), run->arena, &part->result);
	if (run->receiver->kind->judge && part->result.code != 0) {
		run->receiver->kind->judge(run, response, &part->result);
	}
	if (part_follow(part, response)) {
		return;
	}
	if (part->is_following) {
		judge_following(part);
	}
	part_over(part);
}

static const char **header_lines(const struct notify_message *message, struct arena *arena)
{
	size_t count = message->headers.items_count;
	const char **lines = arena_calloc(arena, count + 1, sizeof(*lines));

	for (size_t i = 0; i < count; i++) {
		lines[i] = arena_printf(arena, "%s: %s", message->headers.items[i].name,
			message->headers.items[i].value);
	}
	return lines;
}

static const char *choose_proxy(
	const struct receiver *receiver, const struct url *url, struct arena *arena)
{
	if (!receiver->proxy) {
		return proxy_from_environment(url, arena);
	}
	return strcmp(receiver->proxy, "none") == 0 ? NULL : receiver->proxy;
}

/* A proxy's password is in no message, but may be in what is told of a failure. */
static void add_proxy_secret(struct notify_run *run, const char *proxy)
{
	struct url url;

	if (proxy && url_parse(str_of(proxy), run->arena, &url, NULL) == 0) {
		notify_message_add_secret(&run->message, url.password);
	}
}

static void part_start(struct part *part)
{
	struct notify_run *run = part->run;
	const struct notify_message *message = part->message;
	struct err err = {0};

	if (url_parse(str_of(message->url), run->arena, &part->url, &err) < 0) {
		part_fail(part, &err);
		return;
	}
	part->request = (struct http_request){
		.method = message->method,
		.url = &part->url,
		.headers = header_lines(message, run->arena),
		.body = message->body,
		.ca_file = run->receiver->ca_file,
		.proxy = choose_proxy(run->receiver, &part->url, run->arena),
		.body_max = run->receiver->kind->follow ? FOLLOWED_MAX : BODY_KEPT_MAX,
		.timeout_ms = run->receiver->timeout_ms + BACKSTOP_MS,
	};
	add_proxy_secret(run, part->request.proxy);
	if (http_request_check(&part->request, &err) < 0) {
		part_fail(part, &err);
		return;
	}
	part->exchange = http_start(run->env->http, &part->request, answered, part);
}

static struct http_state *state_new(struct notify_run *run)
{
	struct http_state *state = arena_alloc(run->arena, sizeof(*state));
	const struct notify_message *message = &run->message;

	for (; message; message = message->next) {
		state->parts_count++;
	}
	state->parts = arena_calloc(run->arena, state->parts_count, sizeof(*state->parts));
	message = &run->message;
	for (size_t i = 0; i < state->parts_count; i++, message = message->next) {
		state->parts[i] = (struct part){.run = run, .place = message, .message = message};
	}
	run->state = state;
	return state;
}

/* The slots */

void notify_http_start(struct notify_run *run)
{
	part_start(&state_new(run)->parts[0]);
}

void notify_http_start_everywhere(struct notify_run *run)
{
	struct http_state *state = state_new(run);

	state->is_everywhere = true;
	for (size_t i = 0; i < state->parts_count; i++) {
		part_start(&state->parts[i]);
	}
}

static struct part *part_under_way(struct http_state *state)
{
	for (size_t i = 0; i < state->parts_count; i++) {
		if (state->parts[i].exchange) {
			return &state->parts[i];
		}
	}
	return NULL;
}

void notify_http_interrupted(struct notify_run *run, struct delivery_result *result)
{
	struct http_state *state = run->state;
	struct part *part = part_under_way(state);

	if (!part) {
		return;
	}
	if (state->is_everywhere) {
		cut_the_rest(state, result->text);
		*result = result_everywhere(state, run->arena);
	} else {
		part_cut(part, result->text);
		*result = result_in_order(state, run->arena);
	}
}

void notify_http_release(struct notify_run *run)
{
	struct http_state *state = run->state;

	if (!state) {
		return;
	}
	timer_free(&state->grace);
	for (size_t i = 0; i < state->parts_count; i++) {
		http_exchange_free(&state->parts[i].exchange);
	}
}
