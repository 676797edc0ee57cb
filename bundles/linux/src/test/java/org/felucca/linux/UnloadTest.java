package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.sun.jna.Native;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

/** After a refresh of this bundle nothing but JNA's registered methods may hold its old classes. */
class UnloadTest {
  @Test
  void classes_onceUnregistered_canBeCollected() throws Exception {
    for (int i = 0; i < 3; i++) {
      WeakReference<ClassLoader> used = use();
      for (int attempt = 0; attempt < 100 && used.get() != null; attempt++) {
        System.gc();
        Thread.sleep(20);
      }
      assertNull(used.get(), "something still holds the class loader");
    }
  }

  private static WeakReference<ClassLoader> use() throws Exception {
    URL classes = Dir.class.getProtectionDomain().getCodeSource().getLocation();
    URLClassLoader loader = new URLClassLoader(new URL[] {classes}, new JnaOnly());
    Class<?> type = loader.loadClass("org.felucca.linux.Dir");
    assertNotSame(Dir.class, type);
    Object dir = type.getMethod("open", String.class).invoke(null, "/");
    assertEquals(FileType.DIRECTORY.name(), stat(type, dir));
    type.getMethod("close").invoke(dir);
    Class<?> epoll = loader.loadClass("org.felucca.linux.Epoll");
    Object started = epoll.getMethod("start", String.class).invoke(null, "felucca-test-unload");
    epoll.getMethod("close").invoke(started);
    Native.unregister(loader.loadClass("org.felucca.linux.Libc"));
    return new WeakReference<>(loader);
  }

  private static String stat(Class<?> type, Object dir) throws Exception {
    Object stat = type.getMethod("stat").invoke(dir);
    return stat.getClass().getMethod("type").invoke(stat).toString();
  }

  /** The class path but for this package, so that the loader below it loads its own. */
  private static final class JnaOnly extends ClassLoader {
    JnaOnly() {
      super(ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (name.startsWith("org.felucca.")) {
        throw new ClassNotFoundException(name);
      }
      return UnloadTest.class.getClassLoader().loadClass(name);
    }
  }
}
