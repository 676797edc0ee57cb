/** The only code that calls the kernel. */
@NullMarked
package org.felucca.linux;

import org.jspecify.annotations.NullMarked;
