/*
 * Channels of a session and who uses them: their rounds, and how they go.  See
 * ssh_session_internal.h.
 *
 * A lane goes when nothing stands on its session.  Its channel goes with it, but for one that the
 * server was asked to open and may still open: that is kept until it has, and closed then, as
 * libssh would forget it and the server would keep it for good.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "net/ssh_session_internal.h"

void ssh_lane_add(struct ssh_session *session, struct ssh_lane *lane)
{
	lane->channel = ssh_channel_new(session->lib);
	if (!lane->channel) {
		abort(); /* out of memory */
	}
	ssh_callbacks_init(&lane->callbacks);
	(void)ssh_set_channel_callbacks(lane->channel, &lane->callbacks);
	lane->session = session;
	lane->previous = session->last_lane;
	*(lane->previous ? &lane->previous->next : &session->lanes) = lane;
	session->last_lane = lane;
}

int ssh_lane_opening(struct ssh_lane *lane, int rc)
{
	lane->state = rc == SSH_AGAIN ? SSH_LANE_OPENING
		      : rc == SSH_OK  ? SSH_LANE_OPEN
				      : SSH_LANE_NEW;
	return rc;
}

/* --- how they go ---------------------------------------------------------------------------- */

/* Before it closes a channel libssh tells the end of input; if that is not on its way at once it
 * closes nothing.  When the end was told before it does. */
static void close_channel(ssh_channel channel, bool is_open)
{
	if (is_open && ssh_is_connected(ssh_channel_get_session(channel))) {
		(void)ssh_channel_send_eof(channel);
	}
	ssh_channel_free(channel);
}

/* Who waits for a tunnel is told, and may free what they like: but not what stands here. */
static void lane_remove(struct ssh_lane *lane)
{
	struct ssh_session *session = lane->session;

	session->depth++;
	*(lane->previous ? &lane->previous->next : &session->lanes) = lane->next;
	*(lane->next ? &lane->next->previous : &session->last_lane) = lane->previous;
	lane->release(lane);
	(void)ssh_remove_channel_callbacks(lane->channel, &lane->callbacks);
	if (lane->state == SSH_LANE_OPENING) {
		*VEC_PUSH(session, orphans) = lane->channel;
	} else {
		close_channel(lane->channel, lane->state == SSH_LANE_OPEN);
	}
	free(lane);
	session->depth--;
}

/* One that goes may be the end of others, before or behind it. */
void ssh_lanes_sweep(struct ssh_session *session)
{
	struct ssh_lane *lane = session->lanes;

	while (lane) {
		if (lane->is_dead) {
			lane_remove(lane);
			lane = session->lanes;
		} else {
			lane = lane->next;
		}
	}
}

void ssh_lane_kill(struct ssh_lane *lane)
{
	struct ssh_session *session = lane->session;

	lane->is_dead = true;
	if (session->depth == 0) {
		lane_remove(lane);
		ssh_session_wake(session); /* what closes it has to be sent */
	}
}

void ssh_lanes_free(struct ssh_session *session)
{
	for (struct ssh_lane *lane = session->lanes; lane; lane = lane->next) {
		lane->is_dead = true;
	}
	ssh_lanes_sweep(session);
	free(session->orphans); /* they go with libssh's session */
	session->orphans = NULL;
	session->orphans_count = 0;
}

/* --- rounds --------------------------------------------------------------------------------- */

/* Asked again, libssh says what became of the question, whatever kind of channel it was for. */
static void close_orphans(struct ssh_session *session)
{
	size_t left = 0;

	for (size_t i = 0; i < session->orphans_count; i++) {
		ssh_channel channel = session->orphans[i];
		int rc = ssh_channel_open_session(channel);

		if (rc == SSH_AGAIN) {
			session->orphans[left++] = channel;
		} else {
			close_channel(channel, rc == SSH_OK);
		}
	}
	session->orphans_count = left;
}

static void step_lanes(struct ssh_session *session)
{
	bool has_done;

	do {
		has_done = false;
		for (struct ssh_lane *lane = session->lanes; lane && !ssh_session_is_over(session);
			lane = lane->next) {
			while (!lane->is_dead && !ssh_session_is_over(session) &&
				lane->step(lane)) {
				has_done = true;
			}
		}
	} while (has_done && !ssh_session_is_over(session));
}

void ssh_lanes_step(struct ssh_session *session)
{
	step_lanes(session);
	if (!ssh_session_is_over(session)) {
		close_orphans(session);
	}
}
