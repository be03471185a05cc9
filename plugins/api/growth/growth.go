// Package growth says whether a protobuf schema only grew. The generator asks
// it before it writes a new descriptor set, and a test asks it again, so that a
// plugin built against an older wire is never broken by a newer host.
package growth

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Broken lists what a newer schema took away or changed of an older one, in
// words for the person who did it; empty means that it only grew.
func Broken(older, newer *descriptorpb.FileDescriptorSet) ([]string, error) {
	before, err := protodesc.NewFiles(older)
	if err != nil {
		return nil, fmt.Errorf("read the older schema: %w", err)
	}
	after, err := protodesc.NewFiles(newer)
	if err != nil {
		return nil, fmt.Errorf("read the newer schema: %w", err)
	}
	var c comparison
	before.RangeFiles(func(old protoreflect.FileDescriptor) bool {
		now, err := after.FindFileByPath(old.Path())
		if err != nil {
			c.say("file %s is gone", old.Path())
			return true
		}
		c.messages(old.Messages(), now.Messages())
		c.services(old.Services(), now.Services())
		c.enums(old.Enums(), now.Enums())
		return true
	})
	return c.broken, nil
}

type comparison struct{ broken []string }

func (c *comparison) say(format string, args ...any) {
	c.broken = append(c.broken, fmt.Sprintf(format, args...))
}

func (c *comparison) messages(before, after protoreflect.MessageDescriptors) {
	for i := range before.Len() {
		old := before.Get(i)
		now := after.ByName(old.Name())
		if now == nil {
			c.say("message %s is gone", old.FullName())
			continue
		}
		c.fields(old, now)
		c.messages(old.Messages(), now.Messages())
		c.enums(old.Enums(), now.Enums())
	}
}

func (c *comparison) fields(before, after protoreflect.MessageDescriptor) {
	for i := range before.Fields().Len() {
		old := before.Fields().Get(i)
		now := after.Fields().ByNumber(old.Number())
		switch {
		case now == nil:
			c.say("field %s (number %d) is gone", old.FullName(), old.Number())
		case now.Name() != old.Name():
			c.say("number %d of %s was %s and is %s", old.Number(), before.FullName(), old.Name(), now.Name())
		case now.Kind() != old.Kind() || now.Cardinality() != old.Cardinality() || typeOf(now) != typeOf(old):
			c.say("field %s was %s %s and is %s %s", old.FullName(), old.Cardinality(), typeOf(old), now.Cardinality(), typeOf(now))
		case oneofOf(now) != oneofOf(old):
			c.say("field %s moved from choice %q to %q", old.FullName(), oneofOf(old), oneofOf(now))
		}
	}
}

func (c *comparison) services(before, after protoreflect.ServiceDescriptors) {
	for i := range before.Len() {
		old := before.Get(i)
		now := after.ByName(old.Name())
		if now == nil {
			c.say("service %s is gone", old.FullName())
			continue
		}
		for j := range old.Methods().Len() {
			c.method(old.Methods().Get(j), now.Methods())
		}
	}
}

func (c *comparison) method(old protoreflect.MethodDescriptor, after protoreflect.MethodDescriptors) {
	now := after.ByName(old.Name())
	switch {
	case now == nil:
		c.say("method %s is gone", old.FullName())
	case now.Input().FullName() != old.Input().FullName() || now.Output().FullName() != old.Output().FullName(),
		now.IsStreamingClient() != old.IsStreamingClient() || now.IsStreamingServer() != old.IsStreamingServer():
		c.say("method %s changed what it takes or gives", old.FullName())
	}
}

func (c *comparison) enums(before, after protoreflect.EnumDescriptors) {
	for i := range before.Len() {
		old := before.Get(i)
		now := after.ByName(old.Name())
		if now == nil {
			c.say("enum %s is gone", old.FullName())
			continue
		}
		for j := range old.Values().Len() {
			v := old.Values().Get(j)
			if w := now.Values().ByNumber(v.Number()); w == nil || w.Name() != v.Name() {
				c.say("value %s is gone", v.FullName())
			}
		}
	}
}

func typeOf(f protoreflect.FieldDescriptor) string {
	if m := f.Message(); m != nil {
		return string(m.FullName())
	}
	if e := f.Enum(); e != nil {
		return string(e.FullName())
	}
	return f.Kind().String()
}

func oneofOf(f protoreflect.FieldDescriptor) protoreflect.Name {
	if o := f.ContainingOneof(); o != nil {
		return o.Name()
	}
	return ""
}
