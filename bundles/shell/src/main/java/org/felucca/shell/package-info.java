/** gogo commands, one class a verb. */
@NullMarked
package org.felucca.shell;

import org.jspecify.annotations.NullMarked;
