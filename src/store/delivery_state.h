/*
 * What can become of a delivery in the outbox.
 */
#ifndef STORE_DELIVERY_STATE_H
#define STORE_DELIVERY_STATE_H

/* The numbers are stored.  `ended_ms` is set in those that nothing more will happen to. */
enum delivery_state {
	DELIVERY_WAITING,   /* until due_ms, and then for its turn */
	DELIVERY_SENDING,   /* in the hands of owner_id */
	DELIVERY_DELIVERED, /* its receiver has it */
	DELIVERY_CARRIED,   /* told in the message of carrier_id, with which it ends */
	DELIVERY_DEAD, /* it was refused, or it got too old; carrier_id: whom it went to instead */
	DELIVERY_REDIRECTED, /* never tried, as its receiver was dead; went out as carrier_id */
	DELIVERY_CANCELLED,  /* nobody needs to be told any more */
	DELIVERY_STATES,
};

#endif
