/** Waits for, and drains, a part that is being replaced. */
@NullMarked
package org.felucca.swap;

import org.jspecify.annotations.NullMarked;
