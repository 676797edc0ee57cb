package org.felucca.diff;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Errno;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Xattrs;

/**
 * Which extended attributes a layer may carry: capabilities of programs, access lists and what
 * users set. Those of the overlay file system and of this machine's security modules are left out
 * both ways; an image that sets {@code trusted.overlay.redirect} would make the kernel look
 * elsewhere.
 */
final class LayerXattrs {
  private LayerXattrs() {}

  static boolean allowed(String name) {
    return name.equals("security.capability")
        || (name.startsWith("user.") && !name.startsWith("user.overlay.") && name.length() > 5)
        || name.equals("system.posix_acl_access")
        || name.equals("system.posix_acl_default");
  }

  /**
   * Sets those that are allowed; the file system or the type of the file may have no room for some.
   */
  static void set(Descriptor file, Map<String, byte[]> xattrs) {
    for (Map.Entry<String, byte[]> xattr : xattrs.entrySet()) {
      String name = xattr.getKey();
      if (!allowed(name)) {
        continue;
      }
      try {
        Xattrs.set(file, name, xattr.getValue(), 0);
      } catch (LinuxException e) {
        boolean noRoom = e.is(Errno.EOPNOTSUPP) && !name.equals("security.capability");
        if (!noRoom && !(e.is(Errno.EPERM) && name.startsWith("user."))) {
          throw e;
        }
      }
    }
  }

  /** Those of a file that a layer carries, in the order of their names. */
  static Map<String, byte[]> get(Descriptor file) {
    Map<String, byte[]> found = new LinkedHashMap<>();
    Xattrs.list(file).stream()
        .filter(LayerXattrs::allowed)
        .sorted()
        .forEach(
            name -> {
              Optional<byte[]> value = Xattrs.get(file, name);
              value.ifPresent(bytes -> found.put(name, bytes));
            });
    return found;
  }
}
