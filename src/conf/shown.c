/*
 * Text from outside as our errors show it.  See shown.h.
 */
#include "conf/shown.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

struct shown shown(struct str s)
{
	struct shown result = {""};
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	utf8_add_escaped(&sb, s, sizeof(result.text) - 1);
	memcpy(result.text, sb.buf, sb.len + 1);
	return result;
}
