/**
 * The event log: numbers every event, keeps it in files of bounded size, and lets any number of
 * subscribers follow.
 *
 * <p>Below {@code <root>/events} stand the segments, {@code <first number>.jsonl} with one event a
 * line, and {@code reserved}, the number that the next run begins at if this one ends without
 * notice. Publishing touches memory only; one thread writes what was published, in order and in
 * batches. A subscription is no more than a position: it is served from the newest events in
 * memory, and from the segments when it is further behind. So a slow subscriber costs nobody
 * anything, until the segment that it needs is dropped.
 */
@NullMarked
package org.felucca.events;

import org.jspecify.annotations.NullMarked;
