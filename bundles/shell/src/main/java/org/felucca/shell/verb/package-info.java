/** What can be typed: one class a verb. Each is made anew for each call. */
@NullMarked
package org.felucca.shell.verb;

import org.jspecify.annotations.NullMarked;
