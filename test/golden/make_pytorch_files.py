"""Makes pytorch-files.json: files as torch.save writes them, made by Python's own pickle and zipfile, without PyTorch.
Needs numpy: python3 make_pytorch_files.py"""
import sys, types, pickle, zipfile, io, struct, collections, base64, json
import numpy as np
torch=types.ModuleType('torch'); utils=types.ModuleType('torch._utils'); torch._utils=utils
sys.modules['torch']=torch; sys.modules['torch._utils']=utils
def _rebuild_tensor_v2(*a): pass
_rebuild_tensor_v2.__module__='torch._utils'; _rebuild_tensor_v2.__qualname__='_rebuild_tensor_v2'; utils._rebuild_tensor_v2=_rebuild_tensor_v2
for n in ['FloatStorage','HalfStorage','LongStorage']:
    c=type(n,(),{'__module__':'torch'}); setattr(torch,n,c)
class Storage:
    def __init__(s,kind,key,data): s.kind,s.key,s.data=kind,key,data
class T:
    def __init__(s,st,off,shape,strides): s.a=(st,off,shape,strides)
    def __reduce__(s): return (_rebuild_tensor_v2,(s.a[0],s.a[1],s.a[2],s.a[3],False,collections.OrderedDict()))
class P(pickle.Pickler):
    def persistent_id(s,o):
        if isinstance(o,Storage): return ('storage',o.kind,o.key,'cpu',len(o.data))
def state(wrap):
    w=Storage(torch.FloatStorage,'0',np.arange(12,dtype='<f4'))
    h=Storage(torch.HalfStorage,'1',np.array([.5,-2],dtype='<f2'))
    n=Storage(torch.LongStorage,'2',np.array([7],dtype='<i8'))
    d=collections.OrderedDict([('module.conv.weight',T(w,0,(3,4),(4,1))),('module.conv.turned',T(w,1,(2,3),(1,4))),('module.conv.bias',T(h,0,(2,),(1,))),('module.bn.num_batches_tracked',T(n,0,(),()))])
    return ({'params_ema':d,'epoch':3} if wrap else d),[w,h,n]
def zipped(obj,storages,proto=2):
    b=io.BytesIO(); z=zipfile.ZipFile(b,'w')
    p=io.BytesIO(); P(p,protocol=proto).dump(obj); z.writestr('archive/data.pkl',p.getvalue())
    z.writestr('archive/byteorder','little')
    for s in storages: z.writestr('archive/data/'+s.key,s.data.tobytes())
    z.writestr('archive/version','3\n'); z.close(); return b.getvalue()
def legacy(obj,storages):
    b=io.BytesIO()
    for o in (0x1950a86a20f9469cfc6c,1001,{'little_endian':True}): pickle.dump(o,b,protocol=2)
    P(b,protocol=2).dump(obj); pickle.dump([s.key for s in storages],b,protocol=2)
    for s in storages: b.write(struct.pack('<q',len(s.data))); b.write(s.data.tobytes())
    return b.getvalue()
class Evil:
    def __reduce__(s):
        import os; return (os.system,('false',))
out={'zip':zipped(*state(False)),'wrapped':zipped(*state(True),proto=4),'legacy':legacy(*state(False)),'evil':zipped({'w':Evil()},[])}
json.dump({k:base64.b64encode(v).decode() for k,v in out.items()},open('pytorch-files.json','w'),indent=1)
print({k:len(v) for k,v in out.items()})
