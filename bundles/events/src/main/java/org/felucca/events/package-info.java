/** The event log and its subscribers. */
@NullMarked
package org.felucca.events;

import org.jspecify.annotations.NullMarked;
