/*
 * A compiled template, as template.c makes it and template_render.c reads it.
 */
#ifndef NOTIFY_TEMPLATE_INTERNAL_H
#define NOTIFY_TEMPLATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum template_value {
	/* of an alert */
	VALUE_TITLE,
	VALUE_SOURCE,
	VALUE_MESSAGE,
	VALUE_SEVERITY,
	VALUE_STATUS,
	VALUE_ID,
	VALUE_FINGERPRINT,
	VALUE_RUNBOOK,
	VALUE_EVENTS,
	VALUE_HIDDEN,
	VALUE_ACKED_BY,
	VALUE_TIME,
	VALUE_STARTED,
	VALUE_ENDED,
	VALUE_DURATION,
	VALUE_FIRING,
	VALUE_RESOLVED,
	VALUE_LABEL, /* with the key */
	VALUE_FIELD,
	/* of the message */
	VALUE_SUBJECT,
	VALUE_TEXT,
	VALUE_PURPOSE,
	VALUE_GROUP,
	VALUE_COUNT,
	VALUE_KEY,
	VALUE_REPEAT,
	/* of the item of a list */
	VALUE_NAME,
	VALUE_VALUE,
	/* lists */
	VALUE_FIELDS,
	VALUE_LABELS,
	VALUE_ALERTS,
};

enum template_filter_kind { FILTER_UPPER, FILTER_LOWER, FILTER_CUT, FILTER_JSON, FILTER_URL };

struct template_filter {
	enum template_filter_kind kind;
	size_t max; /* of cut */
};

enum { TEMPLATE_FILTERS_MAX = 4 };

struct template_node {
	enum template_node_kind {
		NODE_TEXT,
		NODE_VALUE,
		NODE_SECTION, /* up to `end` */
		NODE_INVERTED,
	} kind;
	struct str text; /* of NODE_TEXT */
	enum template_value value;
	const char *key; /* of VALUE_LABEL and VALUE_FIELD */
	struct template_filter filters[TEMPLATE_FILTERS_MAX];
	size_t filters_count;
	size_t end; /* of a section: the first node behind it */
};

struct template
{
	struct str source;
	struct template_node *nodes;
	size_t nodes_count, nodes_alloc;
};

#endif
