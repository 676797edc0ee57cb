package org.felucca.oci;

import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.WeakHashMap;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * What reflection tells of a class. Kept by weak references only, in both directions: no class of
 * an importer outlives its bundle for the sake of this, and none of this class's own is held by a
 * class that lives longer.
 *
 * @param parser its static {@code parse(String)}, or null
 * @param constructor its canonical constructor, or null if it is no record
 * @param components its components; empty if it is no record
 */
record RecordShape(
    @Nullable Method parser, @Nullable Constructor<?> constructor, List<Component> components) {

  /** One component. */
  record Component(String camel, String snake, Type type, Method accessor) {
    String name(Json.Names names) {
      return names == Json.Names.CAMEL ? camel : snake;
    }
  }

  private static final Map<Class<?>, WeakReference<RecordShape>> KNOWN = new WeakHashMap<>();

  static RecordShape of(Class<?> type) {
    synchronized (KNOWN) {
      WeakReference<RecordShape> known = KNOWN.get(type);
      RecordShape shape = known == null ? null : known.get();
      if (shape == null) {
        shape = look(type);
        KNOWN.put(type, new WeakReference<>(shape));
      }
      return shape;
    }
  }

  /** Whether it stands for a text: it parses one, or holds nothing else. */
  boolean isText() {
    return parser != null || isValue();
  }

  /** Whether it is a record of one text called value. */
  boolean isValue() {
    return components.size() == 1
        && components.getFirst().camel().equals("value")
        && components.getFirst().type() == String.class;
  }

  private static RecordShape look(Class<?> type) {
    List<Component> components = new ArrayList<>();
    Constructor<?> constructor = null;
    if (type.isRecord()) {
      List<Class<?>> types = new ArrayList<>();
      for (RecordComponent component : type.getRecordComponents()) {
        Method accessor = component.getAccessor();
        accessor.setAccessible(true);
        String name = component.getName();
        components.add(new Component(name, snake(name), component.getGenericType(), accessor));
        types.add(component.getType());
      }
      try {
        constructor = type.getDeclaredConstructor(types.toArray(Class<?>[]::new));
        constructor.setAccessible(true);
      } catch (NoSuchMethodException e) {
        throw EngineException.internal(type + " has no canonical constructor", e);
      }
    }
    return new RecordShape(parser(type), constructor, List.copyOf(components));
  }

  private static @Nullable Method parser(Class<?> type) {
    try {
      Method parse = type.getMethod("parse", String.class);
      if (parse.getReturnType() == type) {
        parse.setAccessible(true);
        return parse;
      }
      return null;
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  private static String snake(String camel) {
    StringBuilder snake = new StringBuilder();
    for (int i = 0; i < camel.length(); i++) {
      char c = camel.charAt(i);
      if (Character.isUpperCase(c)) {
        snake.append('_');
      }
      snake.append(c);
    }
    return snake.toString().toLowerCase(Locale.ROOT);
  }
}
