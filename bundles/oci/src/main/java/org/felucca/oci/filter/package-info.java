/**
 * The filters of containerd's lists and subscriptions: {@code name==busybox,labels."a.b/c"~=|^x|}.
 *
 * <p>A comma joins conditions that must all hold; of several filter texts one must hold. A
 * condition is a path of fields, quoted where it holds more than letters, digits and underscores,
 * and perhaps an operator with a value: {@code ==}, {@code !=}, {@code ~=} for a regular expression
 * of RE2's grammar. Without operator it asks whether the field is there.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.oci.filter;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
