/*
 * One connection, from the settings of its host until it is open.  See ssh_login_internal.h.
 *
 * The clock of connecting is ours, not the session's: it has to stand while the link waits for its
 * turn, and it counts all attempts together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/ssh_host_words.h"
#include "net/ssh_identity.h"
#include "net/ssh_login_internal.h"

enum {
	DEFAULT_CONNECT_MS = 10000,
	DEFAULT_ATTEMPTS = 5,
	NO_TIMEOUT_MS = INT32_MAX, /* for a session, whose clock is here */
	LOOK_AGAIN_MS = 10,
};

/* --- the clock ------------------------------------------------------------------------------ */

static int64_t timeout_ms(const struct ssh_link *link)
{
	if (link->spec.connect_timeout_ms > 0) {
		return link->spec.connect_timeout_ms;
	}
	return link->settings && link->settings->connect_timeout_ms > 0
		       ? link->settings->connect_timeout_ms
		       : DEFAULT_CONNECT_MS;
}

int64_t ssh_link_used_ms(const struct ssh_link *link)
{
	int64_t used_ms = link->used_ms;

	if (link->state == SSH_LINK_BASTION) {
		used_ms += ssh_link_used_ms(link->bastion->link) - link->joined_ms;
	} else if (link->began_ms >= 0) {
		used_ms += loop_now_ms(link->connector->loop) - link->began_ms;
	}
	return used_ms;
}

static void clock_set(struct ssh_link *link)
{
	int64_t left_ms = timeout_ms(link) - ssh_link_used_ms(link);

	timer_set(link->deadline, left_ms > LOOK_AGAIN_MS ? left_ms : LOOK_AGAIN_MS);
}

static void clock_start(struct ssh_link *link)
{
	link->began_ms = loop_now_ms(link->connector->loop);
	clock_set(link);
}

static void clock_stop(struct ssh_link *link)
{
	link->used_ms = ssh_link_used_ms(link);
	link->began_ms = -1;
	timer_stop(link->deadline);
}

/* --- ends ----------------------------------------------------------------------------------- */

/* Let go of all that leads to the host. */
static void release(struct ssh_link *link)
{
	ssh_config_question_free(&link->question);
	ssh_ticket_end(&link->ticket, SSH_TICKET_NEITHER);
	ssh_session_free(&link->session);
	ssh_program_login_free(&link->program);
	ssh_bastion_leave(link);
	timer_free(&link->deadline);
	timer_free(&link->keeping);
}

static void end(struct ssh_link *link, const struct ssh_login_end *how)
{
	struct ssh_login_end end = *how;

	end.text = arena_strdup(link->arena, how->text);
	release(link);
	link->state = SSH_LINK_ENDED;
	link->events->ended(link->arg, &end);
}

static enum ssh_phase phase_of(const struct ssh_link *link)
{
	switch (link->state) {
	case SSH_LINK_SETTINGS:
	case SSH_LINK_TURN:
		return SSH_PHASE_LOOKUP;
	case SSH_LINK_BASTION:
		return phase_of(link->bastion->link);
	case SSH_LINK_CONNECTING:
	case SSH_LINK_OPEN:
	case SSH_LINK_ENDED:
		break;
	}
	return link->session ? ssh_session_phase(link->session) : SSH_PHASE_CONNECT;
}

/* The bastion that it waits for right now, which may be one on the way to its own. */
static const char *hop_of(const struct ssh_link *link)
{
	const char *hop = NULL;

	for (; link->state == SSH_LINK_BASTION; link = link->bastion->link) {
		hop = link->bastion->name;
	}
	return hop;
}

static void end_local(struct ssh_link *link, const char *text)
{
	end(link, &(struct ssh_login_end){
			  .cause = SSH_END_LOCAL, .phase = SSH_PHASE_LOOKUP, .text = text});
}

static void on_deadline(void *arg)
{
	struct ssh_link *link = arg;
	struct strbuf text = STRBUF_INIT;

	if (ssh_link_used_ms(link) < timeout_ms(link)) {
		clock_set(link); /* the bastion's clock stood meanwhile */
		return;
	}
	strbuf_adds(&text, "gave up after ");
	time_add_duration(&text, timeout_ms(link));
	strbuf_adds(&text, ": ");
	ssh_link_add_phase(link, &text);
	end(link, &(struct ssh_login_end){.cause = SSH_END_TIMEOUT,
			  .phase = phase_of(link),
			  .hop = hop_of(link),
			  .text = text.buf});
	strbuf_release(&text);
}

/* --- its turn ------------------------------------------------------------------------------- */

static void on_turn(void *arg);

static void ask_for_turn(struct ssh_link *link)
{
	clock_stop(link); /* it has to know what it was waiting for */
	link->state = SSH_LINK_TURN;
	link->ticket = ssh_limiter_ask(
		link->connector->limiter, link->target, link->attempt, on_turn, link);
}

static enum ssh_ticket_end ticket_end_of(const struct ssh_end *session_end)
{
	if (session_end->cause == SSH_END_DROPPED) {
		return SSH_TICKET_DROPPED;
	}
	return session_end->phase >= SSH_PHASE_AUTH ? SSH_TICKET_PASSED : SSH_TICKET_NEITHER;
}

static int attempts_max(const struct ssh_link *link)
{
	int attempts = link->connector->options.attempts;

	return attempts > 0 ? attempts : DEFAULT_ATTEMPTS;
}

static void end_dropped(struct ssh_link *link, const struct ssh_end *session_end)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s (%d attempts)", session_end->text, link->attempt + 1);
	end(link, &(struct ssh_login_end){.cause = session_end->cause,
			  .phase = session_end->phase,
			  .text = text.buf});
	strbuf_release(&text);
}

/* The bastion that it went through was the reason. */
static void end_by_bastion(struct ssh_link *link, const struct ssh_end *session_end)
{
	const char *text = link->lost_text;

	if (!text) {
		text = arena_printf(
			link->arena, "bastion '%s': %s", link->bastion->name, session_end->text);
	}
	end(link, &(struct ssh_login_end){
			  .cause = link->lost_text ? SSH_END_CLOSED : session_end->cause,
			  .phase = session_end->phase,
			  .hop = arena_strdup(link->arena,
				  link->lost_text ? link->lost_hop : link->bastion->name),
			  .text = text});
}

/* A lookup that gets no descriptor looks like one that nobody answers. */
static bool lacks_descriptors(const struct ssh_end *session_end)
{
	int fd;

	if (session_end->cause != SSH_END_DNS) {
		return false;
	}
	fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0) {
		(void)close(fd);
	}
	return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

/* The program ssh says at most that it was denied; why a key was not tried, we can tell. */
static const char *text_of(struct ssh_link *link, const struct ssh_end *session_end)
{
	struct strbuf text = STRBUF_INIT;
	const char *told;

	if (session_end->cause != SSH_END_AUTH || link->transport != SSH_TRANSPORT_OPENSSH) {
		return session_end->text;
	}
	strbuf_adds(&text, session_end->text);
	ssh_identities_add_problems(ssh_client_identities(link->connector->client),
		link->settings->identity_files, &text);
	told = arena_strdup(link->arena, text.buf);
	strbuf_release(&text);
	return told;
}

static void on_session_ended(void *arg, const struct ssh_end *session_end)
{
	struct ssh_link *link = arg;

	link->session = NULL;
	link->program = NULL;
	ssh_ticket_end(&link->ticket, ticket_end_of(session_end));
	if (link->lost_text || session_end->is_by_via) {
		end_by_bastion(link, session_end);
	} else if (lacks_descriptors(session_end)) {
		end_local(link,
			arena_printf(link->arena, "%s: %s", session_end->text, errno_text(EMFILE)));
	} else if (session_end->cause != SSH_END_DROPPED ||
		   (link->spec.ends_in_kex && session_end->phase == SSH_PHASE_KEX)) {
		end(link, &(struct ssh_login_end){.cause = session_end->cause,
				  .phase = session_end->phase,
				  .text = text_of(link, session_end),
				  .lacks_host_key = session_end->lacks_host_key});
	} else if (link->attempt + 1 < attempts_max(link)) {
		link->attempt++;
		ask_for_turn(link);
	} else {
		end_dropped(link, session_end);
	}
}

static void on_session_opened(void *arg)
{
	struct ssh_link *link = arg;

	ssh_ticket_end(&link->ticket, SSH_TICKET_PASSED);
	timer_free(&link->deadline);
	link->spec.password = NULL;
	link->state = SSH_LINK_OPEN;
	link->events->opened(link->arg);
}

static void on_session_showed_key(void *arg, struct str blob, struct str algorithms)
{
	struct ssh_link *link = arg;

	ssh_ticket_end(&link->ticket, SSH_TICKET_PASSED);
	link->events->showed_key(link->arg, blob, algorithms);
}

static const struct ssh_session_events session_events = {
	.opened = on_session_opened,
	.ended = on_session_ended,
};

static const struct ssh_session_events key_events = {
	.opened = on_session_opened,
	.ended = on_session_ended,
	.showed_key = on_session_showed_key,
};

static bool accepts_new_host_keys(const struct ssh_link *link)
{
	return link->connector->options.accepts_new_host_keys ||
	       link->settings->strictness == SSH_STRICT_ACCEPT_NEW ||
	       link->settings->strictness == SSH_STRICT_OFF;
}

static void start_session(struct ssh_link *link)
{
	const struct ssh_session_spec spec = {
		.settings = link->settings,
		.via = link->bastion ? link->bastion->link->session : NULL,
		.password = link->spec.password,
		.accepts_new_host_keys = accepts_new_host_keys(link),
		.connect_timeout_ms = NO_TIMEOUT_MS,
		.host_keys = link->spec.host_keys,
	};

	clock_start(link);
	link->session = ssh_session_start(link->connector->client, &spec,
		link->events->showed_key ? &key_events : &session_events, link);
}

/* It watches the time itself. */
static void start_program(struct ssh_link *link)
{
	int64_t left_ms = timeout_ms(link) - link->used_ms;
	const struct ssh_program_spec spec = {
		.name = link->spec.name,
		.address = link->spec.address,
		.username = link->spec.username,
		.port = link->spec.port,
		.password = link->spec.password,
		.accepts_new_host_keys = accepts_new_host_keys(link),
		.connect_timeout_ms = left_ms > 0 ? left_ms : 1,
		.alive_interval_ms = link->settings->alive_interval_ms,
		.alive_count_max = link->settings->alive_count_max,
	};
	struct ssh_program *program;
	struct err err = {0};

	if (ssh_connector_program(link->connector, &program, &err) < 0) {
		end_local(link, err.msg);
		return;
	}
	link->began_ms = loop_now_ms(link->connector->loop);
	link->program = ssh_program_login_open(program, &spec, &session_events, link);
}

static void on_turn(void *arg)
{
	struct ssh_link *link = arg;

	link->state = SSH_LINK_CONNECTING;
	if (link->transport == SSH_TRANSPORT_OPENSSH) {
		start_program(link);
	} else {
		start_session(link);
	}
}

/* --- the way there -------------------------------------------------------------------------- */

/* Others only because they do not know it: a bastion has to be one of our sessions. */
static bool may_use_program(const struct ssh_link *link)
{
	return link->connector->options.transport != SSH_TRANSPORT_NATIVE && !link->spec.bastion &&
	       !link->events->showed_key;
}

/* It goes through its bastions by itself: the first of them is the one that it connects to. */
static void go_by_program(struct ssh_link *link)
{
	const struct ssh_settings *settings = link->settings;
	struct strbuf target = STRBUF_INIT;

	if (settings->hops_count > 0) {
		ssh_bastion_add_chain(&target, settings->hops, 1);
	} else {
		ssh_settings_add_target(settings, &target);
	}
	link->target = arena_strdup(link->arena, target.buf);
	strbuf_release(&target);
	link->transport = SSH_TRANSPORT_OPENSSH;
	if (link->needs_program) {
		ssh_connector_tell_program(link->connector, link->spec.name, link->needs_program);
	}
	ask_for_turn(link);
}

void ssh_link_bastion_opened(struct ssh_link *link)
{
	ask_for_turn(link);
}

/* Who cannot pass it with a session of ours may with the program ssh. */
void ssh_link_bastion_failed(struct ssh_link *link, const struct ssh_bastion_failure *failure)
{
	struct ssh_login_end own = failure->end;

	link->state = SSH_LINK_SETTINGS; /* it waits for no bastion any more */
	if (failure->needs_program) {
		link->needs_program = arena_strdup(link->arena, failure->needs_program);
		if (may_use_program(link)) {
			go_by_program(link);
			return;
		}
	}
	own.hop = own.hop ? arena_strdup(link->arena, own.hop) : NULL;
	end(link, &own);
}

/* A session that goes through it will notice, and is told why then. */
void ssh_link_bastion_lost(struct ssh_link *link, const struct ssh_login_end *how)
{
	link->lost_hop = arena_strdup(link->arena, how->hop);
	link->lost_text = arena_strdup(link->arena, how->text);
	if (!link->session) {
		end_by_bastion(link, &(struct ssh_end){.phase = SSH_PHASE_CONNECT});
	}
}

static const char *target_of(struct ssh_link *link)
{
	struct strbuf text = STRBUF_INIT;
	const char *target;

	ssh_settings_add_target(link->settings, &text);
	if (link->bastion) {
		strbuf_addf(&text, " through %s", link->bastion->chain);
	}
	target = arena_strdup(link->arena, text.buf);
	strbuf_release(&text);
	return target;
}

static void go_through(struct ssh_link *link, const struct ssh_hop *hops, size_t hops_count)
{
	struct ssh_bastion_failure failure = {0};

	if (!ssh_bastion_join(link, hops, hops_count, &failure)) {
		ssh_link_bastion_failed(link, &failure);
		return;
	}
	link->target = target_of(link);
	if (link->bastion->link->state == SSH_LINK_OPEN) {
		ask_for_turn(link);
	} else {
		link->state = SSH_LINK_BASTION;
		link->joined_ms = ssh_link_used_ms(link->bastion->link);
		clock_set(link);
	}
}

static void find_way(struct ssh_link *link)
{
	const struct ssh_link_spec *spec = &link->spec;
	const struct ssh_settings *settings = link->settings;

	if (spec->hops_count > 0) {
		go_through(link, spec->hops, spec->hops_count);
	} else if (settings->hops_count > 0) {
		go_through(link, settings->hops, settings->hops_count);
	} else {
		link->target = target_of(link);
		ask_for_turn(link);
	}
}

/* --- the settings --------------------------------------------------------------------------- */

/* That cannot be told before: the keys of a host are not known yet. */
static bool has_authority(const struct ssh_link *link)
{
	struct ssh_hosts *hosts = ssh_client_hosts(link->connector->client);
	const struct ssh_hosts_name name = ssh_host_words_name(link->settings);

	for (const char *const *path = link->settings->known_hosts_files; *path; path++) {
		if (ssh_hosts_read(hosts, *path, NULL) < 0) {
			return false; /* the session will say why */
		}
	}
	return ssh_hosts_has_authority(hosts, &name);
}

/* An authority vouches for more hosts than it has signed the keys of, perhaps: who insists on our
 * own sessions, or has no ssh, may know the host's key itself. */
static bool may_do_without_authority(const struct ssh_link *link)
{
	struct ssh_program *program;
	struct err err;

	return link->connector->options.transport == SSH_TRANSPORT_NATIVE ||
	       ssh_connector_program(link->connector, &program, &err) < 0;
}

static const char *need_of_program(const struct ssh_link *link)
{
	if (link->events->showed_key) {
		return link->settings->key_needs_openssh;
	}
	if (link->settings->needs_openssh) {
		return link->settings->needs_openssh;
	}
	return has_authority(link) && !may_do_without_authority(link)
		       ? "host certificates are needed, as known_hosts has an authority for it"
		       : NULL;
}

static void choose_transport(struct ssh_link *link)
{
	bool is_asked_for = link->connector->options.transport == SSH_TRANSPORT_OPENSSH;

	link->needs_program = need_of_program(link);
	if (may_use_program(link) && (link->needs_program || is_asked_for)) {
		link->needs_program = is_asked_for ? NULL : link->needs_program;
		go_by_program(link);
	} else if (link->needs_program) {
		end_local(link, arena_printf(link->arena, "'%s' needs the program ssh: %s",
					link->spec.name, link->needs_program));
	} else {
		find_way(link);
	}
}

static void on_settings(void *arg, const struct ssh_settings *settings, const struct err *err)
{
	struct ssh_link *link = arg;

	link->question = NULL;
	if (!settings) {
		end_local(link, err->msg);
		return;
	}
	link->settings = settings;
	choose_transport(link);
}

static const char *copy(struct ssh_link *link, const char *text)
{
	return text ? arena_strdup(link->arena, text) : NULL;
}

static const struct ssh_hop *copy_hops(struct ssh_link *link, const struct ssh_link_spec *spec)
{
	struct ssh_hop *hops = arena_calloc(link->arena, spec->hops_count + 1, sizeof(*hops));

	for (size_t i = 0; i < spec->hops_count; i++) {
		hops[i] = (struct ssh_hop){.user = copy(link, spec->hops[i].user),
			.host = copy(link, spec->hops[i].host),
			.port = spec->hops[i].port};
	}
	return hops;
}

struct ssh_link *ssh_link_new(struct ssh_connector *connector, const struct ssh_link_spec *spec,
	const struct ssh_link_events *events, void *arg)
{
	struct ssh_link *link = xcalloc(1, sizeof(*link));

	*link = (struct ssh_link){
		.connector = connector,
		.arena = arena_new(),
		.spec = *spec,
		.events = events,
		.arg = arg,
		.transport = SSH_TRANSPORT_NATIVE,
		.began_ms = -1,
		.deadline = timer_new(connector->loop, on_deadline, link),
	};
	link->spec.name = copy(link, spec->name);
	link->spec.address = copy(link, spec->address);
	link->spec.username = copy(link, spec->username);
	link->spec.hops = copy_hops(link, spec);
	link->spec.host_keys = copy(link, spec->host_keys);
	link->question = ssh_config_ask(connector->config,
		&(struct ssh_config_host){.name = link->spec.name,
			.user = link->spec.username,
			.port = spec->port,
			.address = link->spec.address,
			.arena = link->arena},
		on_settings, link);
	return link;
}

void ssh_link_free(struct ssh_link **link_ptr)
{
	struct ssh_link *link = TAKE(*link_ptr);

	if (link) {
		release(link);
		arena_free(link->arena);
		free(link);
	}
}

bool ssh_link_is_open(const struct ssh_link *link)
{
	if (link->state != SSH_LINK_OPEN) {
		return false;
	}
	return link->program ? ssh_program_login_is_open(link->program)
			     : ssh_session_is_open(link->session);
}

void ssh_link_add_phase(const struct ssh_link *link, struct strbuf *out)
{
	switch (link->state) {
	case SSH_LINK_SETTINGS:
		strbuf_addf(out, "reading the SSH settings of '%s'",
			utf8_quote(str_of(link->spec.name)).text);
		break;
	case SSH_LINK_BASTION:
		if (link->bastion->link->state != SSH_LINK_BASTION) {
			strbuf_addf(out, "bastion '%s': ", link->bastion->name);
		}
		ssh_link_add_phase(link->bastion->link, out);
		break;
	case SSH_LINK_TURN:
		strbuf_addf(out, "waiting for its turn at %s", link->target);
		break;
	case SSH_LINK_CONNECTING:
	case SSH_LINK_OPEN:
		if (link->program) {
			ssh_program_login_add_phase(link->program, out);
		} else {
			ssh_session_add_phase(link->session, out);
		}
		break;
	case SSH_LINK_ENDED:
		strbuf_adds(out, "ended");
		break;
	}
}
