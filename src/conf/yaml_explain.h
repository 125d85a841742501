/*
 * What is wrong with a text that is not YAML, in words that say what to do.
 */
#ifndef CONF_YAML_EXPLAIN_H
#define CONF_YAML_EXPLAIN_H

#include <stdbool.h>
#include <yaml.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "conf/yaml_tree.h"

#define UTF8_BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * A first look at bytes that libyaml would refuse or take for another encoding (a byte order mark
 * in front is gone already): false, a place and an explanation if the text is not UTF-8 or has
 * control characters.
 */
bool yaml_text_is_readable(
	struct str text, struct yaml_place *ret_place, struct strbuf *explanation);

/* The same for a parser that has failed on `text`. */
void yaml_explain(const yaml_parser_t *, struct str text, struct yaml_place *ret_place,
	struct strbuf *explanation);

#endif
