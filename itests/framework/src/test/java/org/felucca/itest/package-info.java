/** Tests of the assembled distribution, and of bundles inside a running framework. */
@NullMarked
package org.felucca.itest;

import org.jspecify.annotations.NullMarked;
