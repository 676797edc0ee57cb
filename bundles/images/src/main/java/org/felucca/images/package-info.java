/** Archives and image names: import, export. */
@NullMarked
package org.felucca.images;

import org.jspecify.annotations.NullMarked;
