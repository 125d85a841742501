/*
 * Replies of mail servers: found the same however they come, and nothing of them in a text that a
 * terminal would obey.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const struct smtp_reply *reply, struct str input)
{
	struct strbuf text = STRBUF_INIT;
	struct smtp_extensions extensions;

	if (reply->size == 0 || reply->size > input.len || reply->code < 200 || reply->code > 599 ||
		input.ptr[reply->size - 1] != '\n') {
		abort();
	}
	smtp_reply_add_text(reply, 100, &text);
	if (text.len > 100 || strpbrk(text.buf, "\n\r\x1b")) {
		abort();
	}
	smtp_extensions_read(reply, &extensions);
	strbuf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = str_n((const char *)data, size);
	struct strbuf lines = STRBUF_INIT;
	struct smtp_reply reply;
	enum smtp_reply_found found = smtp_reply_find(input, &lines, &reply);

	if (found == SMTP_REPLY_WHOLE) {
		check_reply(&reply, input);
		/* Without its last byte it is not there yet. */
		if (smtp_reply_find(str_sub(input, 0, reply.size - 1), &lines, &reply) !=
			SMTP_REPLY_PARTIAL) {
			abort();
		}
	}
	strbuf_release(&lines);
	return 0;
}
