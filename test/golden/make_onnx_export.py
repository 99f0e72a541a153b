"""What ONNX Runtime makes of the models that onnx-export-models.ts writes: python3 make_onnx_export.py FOLDER
Needs: pip install onnx onnxruntime numpy"""
import base64, glob, json, os, sys
import numpy as np, onnx, onnxruntime

folder = sys.argv[1]
models = {}
for file in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
    onnx.checker.check_model(file, full_check=True)
    given = json.load(open(file[:-5] + ".json"))
    session = onnxruntime.InferenceSession(file)
    feed = {"input": np.array(given["data"], np.float32).reshape(given["input"])}
    if given.get("sigma"):
        feed["sigma"] = np.array(given["sigma"], np.float32)
    y = session.run(None, feed)[0]
    models[os.path.basename(file)[:-5]] = {
        "shape": list(y.shape),
        "output": base64.b64encode(y.astype("<f4").tobytes()).decode(),
    }
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx-export.json")
json.dump({"runtime": f"ONNX Runtime {onnxruntime.__version__}", "models": models}, open(out, "w"), indent=1)
print(len(models), os.path.getsize(out))
