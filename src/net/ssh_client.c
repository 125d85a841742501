/*
 * What sessions share.  See ssh_session.h.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "net/ssh_session_internal.h"

struct ssh_client *ssh_client_new(struct loop *loop, struct resolver *resolver)
{
	struct ssh_client *client = xcalloc(1, sizeof(*client));

	(void)ssh_init(); /* it counts; nothing in it can fail but memory */
	*client = (struct ssh_client){
		.loop = loop,
		.resolver = resolver,
		.hosts = ssh_hosts_new(),
		.identities = ssh_identities_new(),
	};
	return client;
}

size_t ssh_client_sessions(const struct ssh_client *client)
{
	size_t count = 0;

	for (const struct ssh_session *session = client->sessions; session;
		session = session->next) {
		count += !session->is_freed;
	}
	return count;
}

struct ssh_identities *ssh_client_identities(struct ssh_client *client)
{
	return client->identities;
}

struct ssh_hosts *ssh_client_hosts(struct ssh_client *client)
{
	return client->hosts;
}

static void client_destroy(struct ssh_client *client)
{
	ssh_identities_free(&client->identities);
	ssh_hosts_free(&client->hosts);
	(void)ssh_finalize();
	free(client);
}

void ssh_client_settle(struct ssh_client *client)
{
	if (client->is_freed && !client->sessions) {
		client_destroy(client);
	}
}

void ssh_client_add(struct ssh_session *session)
{
	struct ssh_client *client = session->client;

	session->next = client->sessions;
	if (session->next) {
		session->next->previous = session;
	}
	client->sessions = session;
}

void ssh_client_remove(struct ssh_session *session)
{
	*(session->previous ? &session->previous->next : &session->client->sessions) =
		session->next;
	if (session->next) {
		session->next->previous = session->previous;
	}
}

/* Inside a callback, the session that stands on it goes later, and the client with it. */
void ssh_client_free(struct ssh_client **client_ptr)
{
	struct ssh_client *client = TAKE(*client_ptr);

	if (!client) {
		return;
	}
	assert(ssh_client_sessions(client) == 0);
	workers_free(&client->workers); /* waits for those that have a session of ours */
	client->is_freed = true;
	for (struct ssh_session *session = client->sessions, *next; session; session = next) {
		next = session->next;
		if (session->depth == 0) {
			ssh_client_remove(session);
			ssh_session_destroy(session);
		}
	}
	ssh_client_settle(client);
}
