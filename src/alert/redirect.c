/*
 * Who is told instead, and what becomes of what was to be told.  See redirect.h.
 */
#include "alert/redirect.h"

#include "alert/claim.h"
#include "alert/notice.h"
#include "alert/routing.h"
#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"
#include "store/store_alerts.h"

enum {
	REDIRECTS_MAX = 200, /* of one receiver in one look */
	CARRIED_MAX = 100 * 1000,
	NO_SUMMARIES = NOTIFIER_INCIDENTS | NOTIFIER_FORGETS,
};

static struct lane *lane_named(struct look *look, const char *name)
{
	return name ? look_lane(look, name) : NULL;
}

/* --- Whom to tell instead --- */

struct wish {
	const struct outbox_delivery *delivery;
	const struct notice *notice; /* of a notice */
};

static bool was_tried(const struct notice *notice, const char *receiver)
{
	for (size_t i = 0; notice && i < notice->tried_count; i++) {
		if (str_is(str_of(notice->tried[i]), receiver)) {
			return true;
		}
	}
	return false;
}

/* Whether it may stand in for another one without having been named for it. */
static bool may_stand_in(const struct lane *lane, const struct wish *wish)
{
	const unsigned abilities = lane->receiver->kind->abilities;

	if (abilities & NOTIFIER_FORGETS) {
		return false;
	}
	if (abilities & NOTIFIER_LOCAL) {
		return wish->delivery->purpose == NOTIFICATION_NOTICE;
	}
	/* Nobody is to be woken by what he would not have been woken by; but that a receiver is
	 * dead must be known to somebody before it is needed. */
	return !(abilities & NOTIFIER_INCIDENTS) || wish->delivery->severity == SEVERITY_CRITICAL ||
	       (wish->delivery->purpose == NOTIFICATION_NOTICE &&
		       wish->delivery->severity > SEVERITY_INFO);
}

/* 1: it can be told; 0: not; -1: *err is set. */
static int can_be_told(
	struct look *look, const struct lane *lane, const struct wish *wish, struct err *err)
{
	const struct outbox_delivery *delivery = wish->delivery;
	bool is_told = false;

	if (lane_is_dead(lane) || str_is(str_of(delivery->receiver), lane->receiver->name) ||
		was_tried(wish->notice, lane->receiver->name)) {
		return 0;
	}
	switch ((enum notification_purpose)delivery->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_NOTICE:
		return 1;
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_ACKNOWLEDGE:
		if (outbox_is_told(look->tx, delivery->alert_id, lane->receiver->name,
			    telling_purposes, &is_told, err) < 0) {
			return -1;
		}
		return is_told;
	case NOTIFICATION_SUMMARY:
		return !(lane->receiver->kind->abilities & NO_SUMMARIES);
	case NOTIFICATION_RESEND:
	case NOTIFICATION_DIGEST:
	case NOTIFICATION_TEST:
	case NOTIFICATION_PURPOSES:
		break;
	}
	return 0;
}

/* How willingly others than the fallback are asked: not those that page, and last this machine. */
static int reluctance(const struct lane *lane)
{
	const unsigned abilities = lane->receiver->kind->abilities;

	if (abilities & NOTIFIER_LOCAL) {
		return 2;
	}
	return abilities & NOTIFIER_INCIDENTS ? 1 : 0;
}

/* *ret_lane is NULL if there is nobody. */
static int find_stand_in(
	struct look *look, const struct wish *wish, struct lane **ret_lane, struct err *err)
{
	struct lane *fallback = lane_named(look, look->settings->fallback);
	int can = fallback ? can_be_told(look, fallback, wish, err) : 0;

	*ret_lane = can > 0 ? fallback : NULL;
	for (int rank = 0; rank <= 2 && can == 0; rank++) {
		for (size_t i = 0; i < look->states_count && can == 0; i++) {
			struct lane *lane = &look->states[i];

			if (reluctance(lane) == rank && may_stand_in(lane, wish)) {
				can = can_be_told(look, lane, wish, err);
				*ret_lane = can > 0 ? lane : NULL;
			}
		}
	}
	return can < 0 ? -1 : 0;
}

/* --- Telling them --- */

/* Who is told instead, and how it stands. */
struct stand_in {
	const char *name; /* NULL: there is nobody */
	int64_t id;       /* of the copy; 0: none is needed */
	const char *text; /* "told to mail instead" */
};

static int64_t give_up_ms(const struct look *look, enum severity severity)
{
	return look->now_ms + look->settings->give_up_ms[severity];
}

static bool is_telling(const struct outbox_delivery *delivery)
{
	return delivery->alert_id != 0 && (telling_purposes & 1U << delivery->purpose);
}

/* What a receiver was told of the alert; *ret_told is NULL if that is nothing. */
static int find_told(struct look *look, const struct outbox_delivery *delivery,
	const char *receiver, struct stored_told **ret_told, struct err *err)
{
	struct stored_tolds tolds = {0};

	*ret_told = NULL;
	if (!is_telling(delivery)) {
		return 0;
	}
	if (store_told_list(look->tx, delivery->alert_id, look->arena, &tolds, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < tolds.items_count; i++) {
		if (str_is(str_of(tolds.items[i].receiver), receiver)) {
			*ret_told = &tolds.items[i];
		}
	}
	return 0;
}

/* It was told as much not long ago: what suppresses for a receiver does so for its stand-in. */
static bool is_suppressed(const struct look *look, const struct outbox_delivery *delivery,
	const struct stored_told *told)
{
	const struct route *route = route_by_name(look->settings, delivery->route);

	return told && delivery->purpose == NOTIFICATION_TRIGGER &&
	       delivery->severity <= told->severity &&
	       look->now_ms < told->queued_ms + route_suppression_ms(look->settings, route);
}

static int hide(struct look *look, const struct outbox_delivery *delivery, struct stored_told *told,
	struct err *err)
{
	told->hidden += delivery->hidden + 1;
	if (told->hidden_since_ms == 0) {
		told->hidden_since_ms = look->now_ms;
	}
	return store_told_set(look->tx, delivery->alert_id, told, err);
}

static int tell(struct look *look, const struct outbox_delivery *copy,
	const struct stored_told *told, struct err *err)
{
	struct stored_told now = {.receiver = copy->receiver,
		.severity = copy->severity,
		.queued_ms = copy->created_ms,
		.delivery_id = copy->id};

	if (!is_telling(copy)) {
		return 0;
	}
	return told ? store_told_set(look->tx, copy->alert_id, &now, err)
		    : outbox_tell(look->tx, copy, err);
}

/* The same, to another receiver; told: what that knows already, NULL if nothing. */
static int add_copy(struct look *look, const struct outbox_delivery *delivery,
	const struct stored_told *told, const char *content, struct stand_in *stand_in,
	struct err *err)
{
	struct outbox_delivery copy = {
		.receiver = stand_in->name,
		.purpose = delivery->purpose,
		.alert_id = delivery->alert_id,
		.event_id = delivery->event_id,
		.severity = delivery->severity,
		.route = delivery->purpose == NOTIFICATION_NOTICE
				 ? delivery->route
				 : arena_printf(look->arena, "instead of %s", delivery->receiver),
		.group_key = delivery->group_key,
		.created_ms = look->now_ms,
		.due_ms = look->now_ms,
		.expires_ms = give_up_ms(look, delivery->severity),
		.stands_for = delivery->purpose == NOTIFICATION_SUMMARY ? delivery->stands_for : 1,
		.hidden = delivery->hidden + (told ? told->hidden : 0),
		.hidden_since_ms = told && told->hidden_since_ms ? told->hidden_since_ms
								 : delivery->hidden_since_ms,
		.content = content,
	};

	if (outbox_add(look->tx, &copy, &copy.id, err) < 0) {
		return -1;
	}
	stand_in->id = copy.id;
	stand_in->text = arena_printf(look->arena, "told to %s instead", stand_in->name);
	return tell(look, &copy, told, err);
}

/* Whether another message tells it already; then stand_in->text says which. */
static int is_known(struct look *look, const struct outbox_delivery *delivery,
	struct stored_told *told, struct stand_in *stand_in, bool *ret_is_known, struct err *err)
{
	enum outbox_event_state state = OUTBOX_EVENT_NONE;

	if (delivery->event_id != 0 &&
		outbox_event_state(look->tx, delivery->event_id, stand_in->name, &state, err) < 0) {
		return -1;
	}
	*ret_is_known = true;
	switch (state) {
	case OUTBOX_EVENT_ARRIVED:
		stand_in->text = arena_printf(look->arena, "%s has it already", stand_in->name);
		return 0;
	case OUTBOX_EVENT_OPEN:
		stand_in->text =
			arena_printf(look->arena, "%s is being told already", stand_in->name);
		return 0;
	case OUTBOX_EVENT_NONE:
		break;
	}
	if (is_suppressed(look, delivery, told)) {
		stand_in->text = arena_printf(look->arena,
			"suppressed: %s stands in, and is told already", stand_in->name);
		return hide(look, delivery, told, err);
	}
	*ret_is_known = false;
	return 0;
}

static int tell_instead(struct look *look, const struct outbox_delivery *delivery,
	struct stand_in *ret_stand_in, struct err *err)
{
	struct stored_told *told = NULL;
	struct notice notice = {0};
	struct wish wish = {.delivery = delivery};
	const char *content = NULL;
	struct lane *lane = NULL;
	bool is_known_there;

	*ret_stand_in = (struct stand_in){0};
	if (delivery->purpose == NOTIFICATION_NOTICE) {
		if (notice_read(delivery->content, look->arena, &notice, err) < 0) {
			return 0; /* it says nothing */
		}
		*VEC_PUSH_IN(look->arena, &notice, tried) = delivery->receiver;
		content = notice_write(&notice, look->arena);
		wish.notice = &notice;
	}
	if (find_stand_in(look, &wish, &lane, err) < 0) {
		return -1;
	}
	if (!lane) {
		return 0;
	}
	ret_stand_in->name = lane->receiver->name;
	if (find_told(look, delivery, ret_stand_in->name, &told, err) < 0 ||
		is_known(look, delivery, told, ret_stand_in, &is_known_there, err) < 0) {
		return -1;
	}
	return is_known_there ? 0 : add_copy(look, delivery, told, content, ret_stand_in, err);
}

/* --- What becomes of it --- */

struct failure {
	enum delivery_state state;
	const char *reason;
	bool waits_if_alone; /* with nobody else to tell, it stays as it is */
};

static int fail_one(struct look *look, const struct outbox_delivery *delivery,
	const struct failure *failure, bool *ret_has_ended, struct err *err);

/* A receiver that never heard of a problem need not hear of its end. */
static int drop_followers(
	struct look *look, const struct outbox_delivery *delivery, struct err *err)
{
	const unsigned about_known = 1U << NOTIFICATION_RESOLVE | 1U << NOTIFICATION_ACKNOWLEDGE;
	const struct failure failure = {.state = DELIVERY_CANCELLED,
		.reason = "the message about the problem never arrived"};

	for (;;) {
		struct outbox_delivery follower;
		struct outbox_open open;
		bool has_ended;

		if (outbox_first_open(look->tx, delivery, 0, &open, err) < 0) {
			return -1;
		}
		if (open.id == 0 || open.state != DELIVERY_WAITING) {
			return 0;
		}
		if (outbox_get(look->tx, open.id, look->arena, &follower, err) < 0) {
			return -1;
		}
		if (!(about_known & 1U << follower.purpose)) {
			return 0;
		}
		if (fail_one(look, &follower, &failure, &has_ended, err) < 0) {
			return -1;
		}
	}
}

static int untell(struct look *look, const struct outbox_delivery *delivery, struct err *err)
{
	bool is_told = false;

	if (outbox_is_told(look->tx, delivery->alert_id, delivery->receiver, telling_purposes,
		    &is_told, err) < 0) {
		return -1;
	}
	if (is_told) {
		return 0;
	}
	if (outbox_untell(look->tx, delivery->alert_id, delivery->receiver, err) < 0) {
		return -1;
	}
	return drop_followers(look, delivery, err);
}

static int fail_one(struct look *look, const struct outbox_delivery *delivery,
	const struct failure *failure, bool *ret_has_ended, struct err *err)
{
	struct outbox_end end = {.state = failure->state, .ended_ms = look->now_ms};
	struct stand_in stand_in;

	if (tell_instead(look, delivery, &stand_in, err) < 0) {
		return -1;
	}
	*ret_has_ended = stand_in.name || !failure->waits_if_alone;
	if (!*ret_has_ended) {
		return 0;
	}
	end.instead_id = stand_in.id;
	end.result = stand_in.name
			     ? arena_printf(look->arena, "%s; %s", failure->reason, stand_in.text)
			     : failure->reason;
	if (end.state == DELIVERY_DEAD) {
		look->dead++;
	}
	if (outbox_end(look->tx, delivery->id, &end, err) < 0) {
		return -1;
	}
	return telling_purposes & 1U << delivery->purpose ? untell(look, delivery, err) : 0;
}

/* Each of what it carried for itself: grouping is the next one's business. */
static int fail_group(struct look *look, const struct outbox_delivery *carrier,
	const struct failure *failure, bool *ret_has_ended, struct err *err)
{
	struct outbox_list carried = {0};
	bool has_ended;

	if (carrier->stands_for > 1 && outbox_carried(look->tx, carrier->id, CARRIED_MAX,
					       look->arena, &carried, err) < 0) {
		return -1;
	}
	if (fail_one(look, carrier, failure, ret_has_ended, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < carried.items_count && *ret_has_ended; i++) {
		struct failure one = *failure;

		one.waits_if_alone = false;
		if (fail_one(look, &carried.items[i], &one, &has_ended, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* What it stood for waits again, each for itself: whoever is told instead may have room for it. */
static int fail_summary(struct look *look, const struct outbox_delivery *summary,
	const struct failure *failure, struct err *err)
{
	const struct outbox_end end = {
		.state = failure->state, .ended_ms = look->now_ms, .result = failure->reason};

	if (outbox_uncarry(look->tx, summary->id, look->now_ms, err) < 0) {
		return -1;
	}
	return outbox_end(look->tx, summary->id, &end, err);
}

static int fail(struct look *look, const struct outbox_delivery *delivery,
	const struct failure *failure, bool *ret_has_ended, struct err *err)
{
	if (delivery->purpose == NOTIFICATION_SUMMARY) {
		*ret_has_ended = true;
		return fail_summary(look, delivery, failure, err);
	}
	return fail_group(look, delivery, failure, ret_has_ended, err);
}

/* "revoked: 404 no_service" */
static const char *fault_text(const struct look *look, enum channel_fault fault, const char *text)
{
	return arena_printf(look->arena, "%s: %s", channel_fault_name(fault), text ? text : "");
}

static const char *dead_text(const struct look *look, const struct lane *lane)
{
	return fault_text(
		look, (enum channel_fault)lane->channel.dead_fault, lane->channel.dead_text);
}

/* Until it is tried again, or lives. */
static int64_t life_ms(
	const struct look *look, const struct lane *lane, const struct outbox_delivery *delivery)
{
	int64_t until_ms = lane_next_ms(lane, look->now_ms);

	return until_ms < delivery->expires_ms ? until_ms : delivery->expires_ms;
}

int redirect_refused(
	struct look *look, const struct lane *lane, const struct outcome *outcome, struct err *err)
{
	const struct delivery_result *result = &outcome->result;
	const struct failure failure = {
		.state = DELIVERY_DEAD,
		.reason = fault_text(look, result->fault, result->text),
		.waits_if_alone = lane && result->fault != CHANNEL_REJECTED,
	};
	struct outbox_wait wait = {.hold_reason = lane_waits_for_life, .result = failure.reason};
	bool has_ended;

	if (fail(look, &outcome->delivery, &failure, &has_ended, err) < 0) {
		return -1;
	}
	if (has_ended) {
		return 0;
	}
	wait.due_ms = life_ms(look, lane, &outcome->delivery);
	return outbox_wait(look->tx, outcome->delivery.id, &wait, err);
}

int redirect_expired(struct look *look, const struct outbox_delivery *delivery, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf age = STRBUF_INIT;
	struct failure failure = {.state = DELIVERY_DEAD};
	bool has_ended;

	time_add_duration(&age, look->now_ms - delivery->created_ms);
	failure.reason = arena_printf(look->arena, "given up after %s%s%s", age.buf,
		delivery->result ? ": " : "", delivery->result ? delivery->result : "");
	if (!look_lane(look, delivery->receiver)) {
		failure.reason = arena_printf(look->arena, "%s; receiver '%s' is not configured",
			failure.reason, delivery->receiver);
	}
	return fail(look, delivery, &failure, &has_ended, err);
}

/* --- What is due for the dead --- */

static int redirect_one(struct look *look, const struct lane *lane,
	struct outbox_delivery *delivery, struct err *err)
{
	const struct failure failure = {
		.state = DELIVERY_REDIRECTED,
		.reason = arena_printf(look->arena, "%s is dead (%s)", lane->receiver->name,
			dead_text(look, lane)),
		.waits_if_alone = true,
	};
	bool is_wanted, has_ended;

	if (claim_is_wanted(look, delivery, &is_wanted, err) < 0) {
		return -1;
	}
	if (!is_wanted) {
		return 0;
	}
	if (fail(look, delivery, &failure, &has_ended, err) < 0) {
		return -1;
	}
	return has_ended ? 0
			 : outbox_put_off(look->tx, delivery->id, life_ms(look, lane, delivery),
				   lane_waits_for_life, err);
}

int redirect_due(struct look *look, const struct lane *lane, bool *ret_has_more, struct err *err)
{
	struct outbox_due due = {.receiver = lane->receiver->name,
		.alert_id = look->only_alert_id,
		.now_ms = look->now_ms,
		.limit = REDIRECTS_MAX};
	size_t count = 0;

	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		struct outbox_list list = {0};

		due.severity = (enum severity)severity;
		due.limit = REDIRECTS_MAX - (int64_t)count;
		if (outbox_due(look->tx, &due, look->arena, &list, err) < 0) {
			return -1;
		}
		for (size_t i = 0; i < list.items_count; i++) {
			if (redirect_one(look, lane, &list.items[i], err) < 0) {
				return -1;
			}
		}
		count += list.items_count;
	}
	*ret_has_more = count == REDIRECTS_MAX;
	return 0;
}

/* --- Notices --- */

static int add_notice(struct look *look, const struct lane *about, enum severity severity,
	const char *title, const char *text, struct err *err)
{
	struct notice notice = {.title = title, .text = text};
	struct outbox_delivery delivery = {
		.receiver = about->receiver->name,
		.purpose = NOTIFICATION_NOTICE,
		.severity = severity,
		.route = "notice",
		.content = notice_write(&notice, look->arena),
	};
	struct stand_in stand_in;

	return tell_instead(look, &delivery, &stand_in, err);
}

int redirect_tell_dead(struct look *look, const struct lane *lane, struct err *err)
{
	const char *name = lane->receiver->name;
	const char *title = arena_printf(look->arena, "receiver '%s' is dead", name);
	const char *text = arena_printf(look->arena,
		"%s is dead (%s). Its messages go to others, or wait where there are none, until "
		"one "
		"that is tried every 10 minutes arrives, `sre-toolkit alert test` succeeds, or its "
		"configuration changes.",
		name, dead_text(look, lane));

	return add_notice(look, lane, SEVERITY_WARNING, title, text, err);
}

int redirect_tell_alive(
	struct look *look, const struct lane *lane, int64_t dead_since_ms, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf age = STRBUF_INIT;
	const char *name = lane->receiver->name;
	const char *title = arena_printf(look->arena, "receiver '%s' lives again", name);

	time_add_duration(&age, look->now_ms - dead_since_ms);
	if (lane_release(look->tx, name, look->now_ms, err) < 0) {
		return -1;
	}
	return add_notice(look, lane, SEVERITY_INFO, title,
		arena_printf(look->arena, "%s takes messages again, after %s.", name, age.buf),
		err);
}
