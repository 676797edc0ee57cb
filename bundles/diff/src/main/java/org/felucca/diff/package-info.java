/** The one extractor and its inverse. */
@NullMarked
package org.felucca.diff;

import org.jspecify.annotations.NullMarked;
